import Synchronization

/// What can be replaced while the server runs.
final class Replaceable<Value: Sendable>: Sendable {
    private let current: Mutex<Value>

    init(_ value: Value) {
        current = Mutex(value)
    }

    var value: Value { current.withLock { $0 } }

    func replace(by new: Value) { current.withLock { $0 = new } }
}

/// The settings that are in force, by their places.
final class CurrentSettings: Sendable {
    private let given: Mutex<[String: String]>

    init(_ given: [String: String]) {
        self.given = Mutex(given)
    }

    var value: [String: String] { given.withLock { $0 } }

    /// Takes over those of some places.
    func take(_ places: [String], from new: [String: String]) {
        given.withLock { given in
            for place in places { given[place] = new[place] }
        }
    }
}
