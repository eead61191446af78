import FleetModel
import FleetReport
import Foundation

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension Output {
    /// Asks for something that is not shown while it is typed; nil without a terminal, or when nothing is typed.
    func askSecret(_ question: String) -> Secret? {
        guard StandardStream.isInputTerminal else { return nil }
        return asking { Self.readSecret(question) }
    }

    private static func readSecret(_ question: String) -> Secret? {
        var shown = termios()
        guard tcgetattr(0, &shown) == 0 else { return nil }
        var hidden = shown
        hidden.c_lflag &= ~tcflag_t(ECHO)
        StandardStream.error.write(VisibleText.oneLine(question))
        tcsetattr(0, TCSAFLUSH, &hidden)
        defer {
            tcsetattr(0, TCSAFLUSH, &shown)
            StandardStream.error.write("\n")
        }
        guard let line = readLine(), !line.isEmpty else { return nil }
        return Secret(line)
    }
}
