/// What views have started and what has not ended yet.
final class RunningEffects {
    /// What it was given by whom.
    struct Name: Hashable {
        /// The number of the view.
        let view: Int
        let id: String?
    }

    private var cancellations: [UInt64: (name: Name, cancel: () -> Void)] = [:]
    private var next: UInt64 = 0

    /// What runs under the same id is cancelled first.
    ///
    /// - Returns: its number, for ``remove(_:)``; nil if there are so many then.
    func add(_ name: Name, max: Int) -> UInt64? {
        if name.id != nil { cancel(name) }
        guard cancellations.count < max else { return nil }
        next &+= 1
        cancellations[next] = (name, {})
        return next
    }

    func setCancellation(of number: UInt64, _ cancel: @escaping () -> Void) {
        guard let entry = cancellations[number] else { return cancel() }
        cancellations[number] = (entry.name, cancel)
    }

    func isRunning(_ number: UInt64) -> Bool { cancellations[number] != nil }

    func remove(_ number: UInt64) { cancellations[number] = nil }

    func cancel(_ name: Name) { cancel { $0 == name } }

    /// All that a view has started.
    func cancelAll(of view: Int) { cancel { $0.view == view } }

    private func cancel(where isMeant: (Name) -> Bool) {
        for (number, entry) in cancellations where isMeant(entry.name) {
            cancellations[number] = nil
            entry.cancel()
        }
    }

    func cancelAll() {
        let all = cancellations.values
        cancellations = [:]
        for entry in all { entry.cancel() }
    }
}
