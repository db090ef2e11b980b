import Synchronization

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
