/// Ends every process of a session on the host, and says whether all are gone.
enum KillScript {
    /// The script; answers `gone`, or `left` and the process ids, and exits 1.
    ///
    /// `started` is the session leader's start time: a leader with another one means that the id was used again, which
    /// it can only be after every process of the session had ended.
    static func text(session: String, started: String, graceSeconds: Int) -> String {
        """
        members() {
          now=$(sed 's/^.*) //' /proc/\(session)/stat 2>/dev/null | cut -d ' ' -f 20)
          [ -n "$now" ] && [ "$now" != \(started) ] && return
          cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\\([0-9]*\\) (.*) [^Z] [0-9]* [0-9]* \(session) .*/\\1/p'
        }
        await() {
          n=0
          while [ $n -lt $1 ]; do
            left=$(members)
            [ -z "$left" ] && { echo gone; exit 0; }
            sleep 0.1
            n=$((n+1))
          done
        }
        for p in $(members); do kill -TERM $p 2>/dev/null; done
        await \(graceSeconds * 10)
        for p in $(members); do kill -KILL $p 2>/dev/null; done
        await 50
        echo left $left
        exit 1
        """
    }
}
