import FleetCommands
import FleetModel
import FleetSimulation
import Foundation
import Testing

/// Long connections (D15): the application's own hook is called, then its established connections are watched.
@Suite("fleet run with long connections", .serialized, .needsHosts)
struct LongConnectionTests {
    /// Three connections on port 8443, which end when somebody posts to port 8080.
    private static let application = """
        use IO::Socket::INET;
        my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 8443, ReuseAddr => 1) or die;
        my @c = map { IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 8443) or die } 1..3;
        push @c, map { $s->accept } 1..3;
        my $hook = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1", LocalPort => 8080, ReuseAddr => 1) or die;
        open(my $up, ">", "/srv/up"); close $up;
        while (my $caller = $hook->accept) {
            open(my $f, ">>", "/srv/hook");
            while (my $line = <$caller>) { $line =~ s/\\r?\\n$//; last if $line eq ""; print $f "$line\\n"; }
            close $f;
            close $_ for @c;
            print $caller "HTTP/1.1 204 No Content\\r\\nConnection: close\\r\\n\\r\\n";
            close $caller;
        }
        """

    @Test(
        "the hook is called once with its token, which nothing shows, and the node drains when the connections are gone"
    )
    func hook() async throws {
        try await HostWorld.with(HostWorld.hosts(of: ["web-02"])) { world in
            _ = try await world.hosts.read(
                "web-02",
                """
                cat >/tmp/app.pl <<'END'
                \(Self.application)
                END
                perl /tmp/app.pl >/dev/null 2>&1 </dev/null &
                n=0; while [ ! -e /srv/up ] && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.1; done
                """)
            let inventory = try world.inventory()
            let watch = try world.folder.playbook(["wait_for_connections: {ports: [8443], timeout: 1s}"])
            let before = try await world.run("run", watch, "-i", inventory, "-l", "web-02", "--yes")
            #expect(before.status != 0)
            #expect(before.error.contains("3 connections"), "\(before.error)")

            let playbook = try world.folder.playbook([
                "cordon:",
                "http: {url: 'http://127.0.0.1:8080/drain', method: POST, headers: {Authorization: 'Bearer {{ hook }}'}, status: [204]}",
                "wait_for_connections: {ports: [8443], below: 1, timeout: 1m}", "drain: {delete_emptydir_data: true}",
            ])
            let result = try await world.run(
                "run", playbook, "-i", inventory, "-l", "web-02", "--plan", "hook", "-e", "hook=s3cret-of-the-hook",
                "--yes", "--output", "json")
            #expect(result.status == 0, "\(result.error)\(result.output.suffix(1500))")
            #expect(
                result.steps.map { "\($0.step) \($0.changed)" } == [
                    "cordon true", "http true", "wait_for_connections false", "drain true",
                ])
            let seen = try await world.hosts.read("web-02", "cat /srv/hook").output
            #expect(seen.matches(of: /POST \/drain HTTP/).count == 1)
            #expect(seen.contains("Authorization: Bearer s3cret-of-the-hook\n"))
            for text in [result.output, result.error] { #expect(!text.contains("s3cret-of-the-hook")) }
        }
    }
}
