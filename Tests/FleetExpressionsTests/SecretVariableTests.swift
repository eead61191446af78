import FleetExpressions
import FleetModel
import Testing

/// Which values of variables are secrets.
@Suite("Secrets among variables")
struct SecretVariableTests {
    private static let scope = VariableScope([
        "api_token": "{{ vault.word }}-suffix", "vault": ["word": "deep", "db": ["password": "p-{{ zone }}"]],
        "zone": "b",
        "url": "https://x/{{ zone }}?t={{ api_token }}", "tokens": ["one", ["two": "three"]], "loop_a": "{{ loop_b }}",
        "loop_b": "{{ loop_a }}", "broken_password": "{{ nowhere }}", "sealed_token": .vaulted("x"),
    ])

    static let rows: [(names: Set<String>, secrets: Set<String>)] = [
        (["zone"], []), (["nowhere", "loop_a"], []), (["api_token"], ["deep-suffix", "p-b"]),
        (["url"], ["deep-suffix", "p-b"]), (["tokens"], ["one", "three"]),
        (["broken_password"], ["{{ nowhere }}"]), (["sealed_token"], []),
    ]

    @Test("by their names, within mappings and lists, and through templates", arguments: rows)
    func secrets(_ row: (names: Set<String>, secrets: Set<String>)) {
        #expect(Self.scope.secrets(of: row.names) == Set(row.secrets.map { SecretText($0) }))
    }
}
