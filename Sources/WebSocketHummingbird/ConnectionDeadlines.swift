// Strategy: every connection has a deadline for its handshake, and one between requests; nearly none ever meets it, and all are equally long. SwiftNIO's timers are a
// heap in which cancelling is a search through all of them (10,000 quiet sockets have timers too), so that a timer for each connection would
// make each handshake cost what all open ones cost. Equally long deadlines end in the order in which they began: a linked list, with one
// timer for its first, cancels in constant time.

import NIOCore

/// Equally long deadlines of one event loop. Not `Sendable`: everything happens on that loop.
final class ConnectionDeadlines {
    private let eventLoop: any EventLoop
    private let length: TimeAmount
    private var first: Deadline?
    private var last: Deadline?
    private var isTimerSet = false

    init(eventLoop: any EventLoop, length: Duration) {
        self.eventLoop = eventLoop
        self.length = TimeAmount(length)
    }

    /// How many connections are waited for.
    private(set) var count = 0

    /// Closes the channel when the time is over, unless the deadline is cancelled before.
    func begin(for channel: any Channel) -> Deadline {
        let deadline = Deadline(channel: channel, end: eventLoop.now + length, list: self)
        append(deadline)
        setTimer()
        return deadline
    }

    private func append(_ deadline: Deadline) {
        deadline.previous = last
        last?.next = deadline
        last = deadline
        if first == nil { first = deadline }
        count += 1
    }

    fileprivate func renew(_ deadline: Deadline) {
        deadline.end = eventLoop.now + length
        guard last !== deadline else { return }
        remove(deadline)
        append(deadline)
    }

    fileprivate func remove(_ deadline: Deadline) {
        if first === deadline { first = deadline.next } else { deadline.previous?.next = deadline.next }
        if last === deadline { last = deadline.previous } else { deadline.next?.previous = deadline.previous }
        deadline.next = nil
        deadline.previous = nil
        count -= 1
    }

    private func setTimer() {
        guard !isTimerSet, let first else { return }
        isTimerSet = true
        eventLoop.assumeIsolated().scheduleTask(deadline: first.end) { [self] in
            isTimerSet = false
            expire()
            setTimer()
        }
    }

    private func expire() {
        while let first, first.end <= eventLoop.now {
            first.cancel()
            first.channel.close(promise: nil)
        }
    }

    /// The deadline of one connection.
    final class Deadline {
        fileprivate let channel: any Channel
        fileprivate var end: NIODeadline
        fileprivate var list: ConnectionDeadlines?
        fileprivate var next: Deadline?
        fileprivate weak var previous: Deadline?

        fileprivate init(channel: any Channel, end: NIODeadline, list: ConnectionDeadlines) {
            self.channel = channel
            self.end = end
            self.list = list
        }

        /// The time begins anew. A no-op if it was over before.
        func renew() { list?.renew(self) }

        /// There is nothing to wait for any more. A no-op if the time was over before.
        func cancel() {
            list?.remove(self)
            list = nil
        }
    }
}
