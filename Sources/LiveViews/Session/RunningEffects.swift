/// What a view has started and what has not ended yet.
final class RunningEffects {
    private var cancellations: [UInt64: (id: String?, cancel: () -> Void)] = [:]
    private var next: UInt64 = 0

    var count: Int { cancellations.count }

    /// What runs under the same id is cancelled first.
    ///
    /// - Returns: its number, for ``remove(_:)``.
    func add(_ id: String?) -> UInt64 {
        if let id { cancel(id) }
        next &+= 1
        cancellations[next] = (id, {})
        return next
    }

    func setCancellation(of number: UInt64, _ cancel: @escaping () -> Void) {
        guard let entry = cancellations[number] else { return cancel() }
        cancellations[number] = (entry.id, cancel)
    }

    func isRunning(_ number: UInt64) -> Bool { cancellations[number] != nil }

    func remove(_ number: UInt64) { cancellations[number] = nil }

    func cancel(_ id: String) {
        for (number, entry) in cancellations where entry.id == id {
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
