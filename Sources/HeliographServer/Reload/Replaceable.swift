import Synchronization

/// The key of the HTTP API, which can be replaced while the server runs.
final class ReplaceableKey: Sendable {
    private let key: Mutex<String>

    init(_ key: String) {
        self.key = Mutex(key)
    }

    var value: String { key.withLock { $0 } }

    func replace(by new: String) { key.withLock { $0 = new } }
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
