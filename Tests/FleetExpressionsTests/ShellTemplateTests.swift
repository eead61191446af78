import FleetExpressions
import FleetModel
import Foundation
import Testing

private func scalar(_ text: String) -> LocatedScalar {
    LocatedScalar(
        text: text, value: .string(text), style: .literal, textLocation: Place(file: "p.yaml", line: 10, column: 5),
        continuationColumn: 5)
}

private let evil = #"'; touch /tmp/owned; echo "$(id)` \"#
private let scope = VariableScope([
    "x": .string(evil), "host": "web-1", "many": ["a b", "c"], "flag": "-l", "nul": "a\0b",
])

@Suite("Text into shells (safety rule 26)")
struct ShellTemplateTests {
    static let bare: [(String, String)] = [
        ("echo {{ host }}", "echo web-1"),
        ("echo {{ x }}", "echo '" + evil.replacingOccurrences(of: "'", with: #"'"'"'"#) + "'"),
        ("--name={{ host }}/x", "--name=web-1/x"), ("ls {{ many | quote }}", "ls 'a b' c"),
        ("ls {{ host | quote }}", "ls web-1"),
        ("ls {{ flag | raw }}", "ls -l"), ("echo \"{{ host | raw }}\"", "echo \"web-1\""),
        ("A={{ host }} cmd", "A=web-1 cmd"),
        ("cmd > {{ host }} < {{ host }}", "cmd > web-1 < web-1"), ("cat <<< {{ host }}", "cat <<< web-1"),
        ("echo \"it's\" {{ host }}", "echo \"it's\" web-1"), ("echo 'a\"b' {{ host }}", "echo 'a\"b' web-1"),
        ("x=$(date) ; echo {{ host }}", "x=$(date) ; echo web-1"), ("echo `date` {{ host }}", "echo `date` web-1"),
        ("echo ${HOME} {{ host }}", "echo ${HOME} web-1"), ("echo ${#x} {{ host }}", "echo ${#x} web-1"),
        ("echo $((1 + 2)) {{ host }}", "echo $((1 + 2)) web-1"), ("# note\necho {{ host }}", "# note\necho web-1"),
        ("echo a#b {{ host }}", "echo a#b web-1"), ("(cd /; ls {{ host }})", "(cd /; ls web-1)"),
        ("cat <<EOF\nbody's \"\nEOF\necho {{ host }}", "cat <<EOF\nbody's \"\nEOF\necho web-1"),
        ("cat <<-'END' | wc\n\ttext\n\tEND\necho {{ host }}", "cat <<-'END' | wc\n\ttext\n\tEND\necho web-1"),
        ("echo \\' {{ host }}", "echo \\' web-1"),
        ("echo \"$(echo \"a)b\")\" {{ host }}", "echo \"$(echo \"a)b\")\" web-1"),
        ("echo $'it\\'s' {{ host }}", "echo $'it\\'s' web-1"),
        ("[[ -f x ]] && echo {{ host }}", "[[ -f x ]] && echo web-1"),
        ("docker inspect -f '{% raw %}{{ .Name }}{% endraw %}' {{ host }}", "docker inspect -f '{{ .Name }}' web-1"),
        ("case $x in a) echo {{ host }};; esac", "case $x in a) echo web-1;; esac"),
        ("eval ls; echo {{ host }}", "eval ls; echo web-1"),
        ("ssh -p 22 {{ host }} ls", "ssh -p 22 web-1 ls"), ("systemctl unset {{ host }}", "systemctl unset web-1"),
        ("# c\r\nls {{ host }}", "# c\r\nls web-1"), ("bash -c 'ls' {{ host }}", "bash -c 'ls' web-1"),
    ]

    @Test("a bare template becomes one quoted word", arguments: bare)
    func quoted(_ script: String, _ expected: String) throws {
        #expect(try ShellTemplate(parsing: scalar(script)).script(in: scope) == expected)
    }

    static let refused: [(String, String)] = [
        ("echo '{{ x }}'", "inside single quotes"), ("echo \"{{ x }}\"", "inside double quotes"),
        ("echo \"a\"'b'\"{{ x }}\"", "inside double quotes"),
        ("echo `ls {{ x }}`", "inside backticks"), ("echo $(ls {{ x }})", "inside $( )"),
        ("echo \"$(ls {{ x }})\"", "inside $( )"),
        ("diff <(ls {{ x }}) y", "inside $( )"), ("# {{ x }}", "in a comment"), ("ls # say {{ x }}", "in a comment"),
        ("ls;# {{ x }}", "in a comment"),
        ("cat <<EOF\n{{ x }}\nEOF", "in a here-document"), ("cat <<'EOF'\na\n{{ x }}\nEOF", "in a here-document"),
        ("cat <<A <<B\nA\n{{ x }}\nB", "in a here-document"), ("cat <<{{ x }}\n", "as a here-document's delimiter"),
        ("echo ${y:-{{ x }}}", "inside ${ }"), ("echo $(( {{ x }} + 1 ))", "inside (( ))"),
        ("(( {{ x }} ))", "inside (( ))"),
        ("[[ {{ x }} -eq 1 ]]", "inside [[ ]]"), ("if [[ -n {{ x }} ]]; then ls; fi", "inside [[ ]]"),
        ("echo ${{ x }}", "behind a dollar sign"),
        ("echo \\{{ x }}", "behind a backslash"), ("echo $'{{ x }}'", "inside single quotes"),
        ("eval ls {{ x }}", "as an argument of eval"),
        ("sudo eval {{ x }}", "as an argument of eval"), ("bash -c {{ x }}", "as code for bash -c"),
        ("ssh a; /bin/sh -ec {{ x }}", "as code for sh -c"),
        ("su root -c {{ x }}", "as code for su -c"), ("echo \"a\nb {{ x }}\"", "inside double quotes"),
        ("trap {{ x }} EXIT", "as an argument of trap"),
        ("echo $[ {{ x }} ]", "inside $[ ]"), ("ssh web1 ls {{ x }}", "in a command for ssh"),
        ("ssh -p 22 web1 {{ x }}", "in a command for ssh"),
        ("A=1 declare {{ x }}", "as an argument of declare"), ("ls # c\r\necho '{{ x }}'", "inside single quotes"),
        ("echo '{{ x | quote }}'", "inside single quotes"),
    ]

    @Test("anywhere else it is a mistake of the file", arguments: refused)
    func misplaced(_ script: String, _ place: String) {
        let error = #expect(throws: Diagnostics.self) { try ShellTemplate(parsing: scalar(script)) }
        #expect(
            error?.description.contains("a template \(place) could become shell code") == true,
            "\(error?.description ?? "")")
    }

    @Test("every mistake has its own place")
    func places() {
        let error = #expect(throws: Diagnostics.self) {
            try ShellTemplate(parsing: scalar("ls\n  echo \"{{ x }}\"\n# {{ x }}\n"))
        }
        #expect(
            error?.all.map(\.location) == [
                Place(file: "p.yaml", line: 11, column: 13), Place(file: "p.yaml", line: 12, column: 7),
            ])
    }

    @Test("a NUL is refused, and an undefined name too")
    func values() throws {
        let nul = #expect(throws: Diagnostic.self) {
            try ShellTemplate(parsing: scalar("ls {{ nul }}")).script(in: scope)
        }
        #expect(nul?.message.contains("NUL") == true)
        let unknown = #expect(throws: Diagnostic.self) {
            try ShellTemplate(parsing: scalar("ls {{ hots }}")).script(in: scope)
        }
        #expect(unknown?.description == "p.yaml:10:11: \"hots\" is undefined; did you mean \"host\"?")
    }

    @Test(
        "a real shell reads back what went in",
        arguments: [evil, "", " ", "a\nb", "*", "~", "$HOME", "-n", "é☃", "!", "\\", "''"])
    func roundTrip(_ value: String) throws {
        let script = try ShellTemplate(parsing: scalar("printf '%s' {{ v }}")).script(
            in: VariableScope(["v": .string(value)]))
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", script]
        let output = Pipe()
        shell.standardOutput = output
        try shell.run()
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        shell.waitUntilExit()
        #expect(String(decoding: bytes, as: UTF8.self) == value)
    }
}
