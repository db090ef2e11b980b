import NIOCore

// Strategy: whoever asks about all connections of a loop asks a few hundred in each of its turns, so that messages have theirs in between. A
// session that ends is replaced by the last one; going downwards, the last one has been looked at already, so none is missed.

extension HubLoop {
    private static let perTurn = 512

    /// Looks at all connected sessions.
    ///
    /// - Parameter look: called on the loop. One that came after the beginning is left out; one that was moved may come twice.
    func scan<Value: Sendable>(
        _ value: Value, _ look: @escaping @Sendable (inout Value, Session) -> Void
    ) async -> Value {
        await withCheckedContinuation { continuation in
            eventLoop.execute { self.scan(from: self.sessions.count - 1, value, look) { continuation.resume(returning: $0) } }
        }
    }

    /// The same, on the loop, for those at this place and before it.
    func scan<Value: Sendable>(
        from top: Int, _ value: Value, _ look: @escaping @Sendable (inout Value, Session) -> Void,
        done: @escaping @Sendable (Value) -> Void
    ) {
        var value = value
        var index = min(top, sessions.count - 1)
        let end = index - Self.perTurn
        while index >= 0, index > end {
            // Looking may end some.
            if index < sessions.count, sessions[index].state == .connected { look(&value, sessions[index]) }
            index -= 1
        }
        guard index >= 0 else { return done(value) }
        eventLoop.execute { [value, index] in self.scan(from: index, value, look, done: done) }
    }

    /// Looks at some sessions.
    func look<Value: Sendable>(
        at clients: Set<String>, _ value: Value, _ look: @escaping @Sendable (inout Value, Session) -> Void
    ) async -> Value {
        await ask { loop in
            var value = value
            for client in clients {
                if let session = loop.session(of: client), session.state == .connected { look(&value, session) }
            }
            return value
        }
    }

    /// Asks something on the loop.
    func ask<Value: Sendable>(_ question: @escaping @Sendable (HubLoop) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            perform { continuation.resume(returning: question(self)) }
        }
    }
}
