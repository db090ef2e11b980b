import NIOCore
import PubSub
import RealtimeProtocol

/// What a session has of the limits that there are. On its loop only.
final class SessionLimits {
    var buckets: [TokenBucket]
    var errors: [TokenBucket]
    var address: Party?
    /// Since it has connected.
    var user: Party?

    init(_ rules: LimitRules, address: String?) {
        buckets = rules.connectionPlan?.fullBuckets ?? []
        errors = rules.limits.errors.map { _ in TokenBucket() }
        if let address { self.address = rules.addresses?.enter(network(of: address)) }
    }
}

/// Whose limit it was.
enum LimitScope: String {
    case connection
    case user
    case address
}

extension Session {
    var admission: Admission { core.admission }
    private var rules: LimitRules { loop.rules }
    private var uptime: Int64 { Int64(clamping: loop.eventLoop.now.uptimeNanoseconds) }

    // MARK: Commands

    /// Takes what a command costs; one too many is answered.
    func permits(_ command: Wire.Command, _ limits: SessionLimits) -> Bool {
        guard let operation = HubOperation(command.body), let (scope, plan) = exceeded(operation, command, limits) else { return true }
        loop.statistics.limited(scope)
        if plan.disconnects || transport.isUnidirectional {
            disconnect(.tooManyRequests)
        } else if operation == .connect {
            refuseConnect(.error(.tooManyRequests), id: command.id)
        } else if command.id != 0 {
            reply(command.id, error: .tooManyRequests)
        } else {
            countError()
        }
        return false
    }

    private func exceeded(_ operation: HubOperation, _ command: Wire.Command, _ limits: SessionLimits) -> (LimitScope, LimitPlan)? {
        let now = uptime
        if let plan = rules.connectionPlan {
            let range = plan.buckets(for: operation, command)
            if !plan.take(1, from: plan.total, range, of: &limits.buckets, at: now) { return (.connection, plan) }
        }
        if let plan = rules.users?.plan, let user = limits.user {
            if !user.take(1, from: plan.total, plan.buckets(for: operation, command), plan, at: now) { return (.user, plan) }
        }
        if let plan = rules.addresses?.plan, let address = limits.address {
            if !address.take(1, from: plan.total, plan.buckets(for: operation, command), plan, at: now) { return (.address, plan) }
        }
        return nil
    }

    /// Takes what the bytes of a batch cost. One too large ends the session.
    func permits(bytes: Int, _ limits: SessionLimits) -> Bool {
        let now = uptime
        let cost = Int64(bytes)
        var scope: LimitScope?
        if let plan = rules.connectionPlan, !plan.take(cost, from: plan.bytes, 0..<0, of: &limits.buckets, at: now) {
            scope = .connection
        } else if let plan = rules.users?.plan, limits.user?.take(cost, from: plan.bytes, 0..<0, plan, at: now) == false {
            scope = .user
        } else if let plan = rules.addresses?.plan, limits.address?.take(cost, from: plan.bytes, 0..<0, plan, at: now) == false {
            scope = .address
        }
        guard let scope else { return true }
        loop.statistics.limited(scope)
        disconnect(.tooManyRequests)
        return false
    }

    /// A command was answered with an error, or would have been.
    func countError() {
        guard let limits, !limits.errors.isEmpty else { return }
        let now = uptime
        for (index, rate) in rules.limits.errors.enumerated() where !limits.errors[index].tryTaking(1, rate, at: now) {
            return disconnect(.tooManyErrors)
        }
    }

    // MARK: Users

    enum UserEntrance {
        case entered
        /// The user has as many connections as it may.
        case full
        /// It has connected too often.
        case tooOften
    }

    /// Takes a place among the user's connections.
    func enterUser() -> UserEntrance {
        guard let users = rules.users, !user.isEmpty, let limits else { return .entered }
        limits.user = users.enter(user, limit: rules.limits.connectionsPerUser)
        guard let party = limits.user else { return .full }
        guard let plan = users.plan else { return .entered }
        let command = Wire.Command(id: 0, body: .connect(Wire.ConnectRequest()))
        guard !party.take(1, from: plan.total, plan.buckets(for: .connect, command), plan, at: uptime) else { return .entered }
        loop.statistics.limited(.user)
        return .tooOften
    }

    /// Gives back what the session took.
    func leaveLimits() {
        admission.sessionClosed()
        if let connectTurn { loop.connects.cancel(connectTurn) }
        forgetTurn()
        guard let limits else { return }
        if let address = limits.address { rules.addresses?.leave(address, at: uptime) }
        if let user = limits.user { rules.users?.leave(user, at: uptime) }
        self.limits = nil
    }

    // MARK: Subscriptions

    /// Takes a place for a subscription that the client asks for.
    func mayHaveSubscription(to channel: String) -> Bool {
        admission.subscribe(
            limits?.user, rules.limits, channels: { core.directory.count }, isNewChannel: { core.directory.subscribers(of: channel) == 0 })
    }

    // MARK: Turns

    /// Decides on the connect when its turn has come.
    func decideInTurn(_ decide: @escaping () -> Void, refuse: @escaping () -> Void) {
        let (entrance, waiter) = loop.connects.enter {
            guard self.isOpen else { return self.loop.connects.leave() }
            self.forgetTurn()
            decide()
        } giveUp: {
            self.forgetTurn()
            self.isBusy = false
            refuse()
        }
        switch entrance {
        case .begun: break
        case .full: refuse()
        case .waits:
            connectTurn = waiter
            admission.connectWaits(1)
            beginWaiting()
        }
    }

    private func forgetTurn() {
        guard connectTurn != nil else { return }
        connectTurn = nil
        admission.connectWaits(-1)
    }
}

extension HubLoop {
    /// So many at most, and no more than one of eight.
    private static let mostDisconnected = 64
    /// Less is no burden.
    private static let leastBuffered = 64 << 10

    /// Memory is short: those for whom most waits go. They come back and recover, when they can read.
    func disconnectSlowest() {
        let waiting = sessions.compactMap { session in
            let bytes = session.transport.bufferedBytes
            return bytes >= Self.leastBuffered ? (session, bytes) : nil
        }
        let count = min(Self.mostDisconnected, max(1, waiting.count / 8))
        for (session, _) in waiting.sorted(by: { $0.1 > $1.1 }).prefix(count) { session.disconnect(.slow) }
    }
}
