import FleetModel

/// The words behind `is` and `is not`.
enum ValueTest: String, CaseIterable {
    case defined, undefined, none, string, number, boolean, mapping, sequence

    /// Whether a value passes; nil stands for an undefined one.
    func holds(_ value: VariableValue?) -> Bool {
        switch (self, value) {
        case (.defined, .some), (.undefined, nil), (.none, .null), (.string, .string): true
        case (.number, .int), (.number, .float), (.boolean, .bool), (.mapping, .mapping), (.sequence, .list): true
        default: false
        }
    }
}
