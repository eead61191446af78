import FleetModel
import FleetRun

extension RunEvent.StopRequested {
    /// Who asks for what.
    var sentence: String {
        let settling = "nothing new is begun; what was accepted is awaited"
        switch kind ?? .interrupt {
        case .interrupt, .pause, .block: return "\(by): \(settling)"
        case .abort: return "\(by): \(settling), then what is temporary is undone"
        case .rollback:
            return "\(by): \(settling), then what is temporary is undone, and cordons of what was not drained"
        }
    }
}

extension RunEvent.WindowChanged {
    /// That the window is closed, and until when.
    var sentence: String {
        let why = reason.map { " (\($0))" } ?? ""
        guard let until else { return "outside the window\(why), and none opens within a year" }
        return "outside the window\(why); the next one opens \(until.dateText)"
    }
}
