import NIOCore

/// Sessions of one loop that leave one after the other.
final class LeavingSessions {
    private static let smallestBatch = 50
    private static let pause = TimeAmount.milliseconds(100)

    private var sessions: [Session] = []
    private var deadline: NIODeadline?

    /// On the loop.
    func add(_ session: Session, on eventLoop: any EventLoop, within window: TimeAmount) {
        sessions.append(session)
        guard deadline == nil else { return }
        let deadline = eventLoop.now + window
        self.deadline = deadline
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.execute { bound.value.next(on: eventLoop, until: deadline) }
    }

    private func next(on eventLoop: any EventLoop, until deadline: NIODeadline) {
        let pauses = max(1, (deadline - eventLoop.now).nanoseconds / Self.pause.nanoseconds)
        let batch = sessions.prefix(max(Self.smallestBatch, (sessions.count + Int(pauses) - 1) / Int(pauses)))
        for session in batch { session.shutDown() }
        sessions.removeFirst(batch.count)
        guard !sessions.isEmpty else { return self.deadline = nil }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: Self.pause) { bound.value.next(on: eventLoop, until: deadline) }
    }
}

extension HubLoop {
    func leave(_ session: Session) {
        leaving.add(session, on: eventLoop, within: TimeAmount(core.configuration.shutdownWindow))
    }
}
