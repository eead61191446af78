import FleetReport
import Testing

/// Folding of node names.
struct NodeSetTests {
    @Test(
        "names fold over the number of their first label",
        arguments: [
            ([], ""),
            (["web-001"], "web-001"),
            (["web-001", "web-002", "web-003"], "web-[001-003]"),
            (["web-001", "web-003", "web-004"], "web-[001,003-004]"),
            (["web-9", "web-10", "web-11"], "web-[9-11]"),
            (["web-099", "web-100"], "web-[099-100]"),
            (["web-1", "web-02"], "web-[1,02]"),
            (["web-2", "web-1", "db-1"], "web-[1-2], db-1"),
            (["node1.example.com", "node2.example.com"], "node[1-2].example.com"),
            (["ip-10-0-1-17.ec2.internal", "ip-10-0-1-18.ec2.internal"], "ip-10-0-1-[17-18].ec2.internal"),
            (["control", "worker"], "control, worker"),
            (["a1b", "a2b"], "a[1-2]b"),
        ] as [([String], String)]
    )
    func folds(names: [String], text: String) {
        #expect(NodeSet(names).description == text)
    }
}
