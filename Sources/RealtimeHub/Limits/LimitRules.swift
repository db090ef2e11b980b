import NIOCore

/// Limits as they are in force: what they say, and who has taken how much of them. Each loop has its own reference, so that a command asks no lock; new limits
/// are another object.
final class LimitRules: Sendable {
    let limits: HubLimits
    let connectionPlan: LimitPlan?
    /// Nil: users have no limits.
    let users: PartyTable?
    let addresses: PartyTable?

    init(_ limits: HubLimits) {
        self.limits = limits
        connectionPlan = LimitPlan(limits.connectionCommands)
        let userPlan = LimitPlan(limits.userCommands)
        let limitsUsers = userPlan != nil || limits.connectionsPerUser != nil || limits.subscriptionsPerUser != nil
        users = limitsUsers ? PartyTable(userPlan, maxRemembered: limits.maxRemembered) : nil
        let addressPlan = LimitPlan(limits.addressCommands)
        let limitsAddresses = addressPlan != nil || limits.connectionsPerAddress != nil || limits.connectionRatePerAddress != nil
        addresses = limitsAddresses ? PartyTable(addressPlan, maxRemembered: limits.maxRemembered) : nil
    }

    /// Whether sessions have something to ask for each command.
    var limitsCommands: Bool { connectionPlan != nil || users != nil || addresses != nil || !limits.errors.isEmpty }
}

extension HubLoop {
    /// Other limits hold from now on. Whoever is connected counts, with full buckets, and stays even if there are too many.
    func take(_ new: LimitRules) {
        rules = new
        let limits = new.limits
        connects.adjust(atOnce: limits.connectsAtOnce, maxWaiting: limits.waitingConnects, patience: TimeAmount(limits.connectWait))
        recoveries.adjust(atOnce: limits.recoveriesAtOnce, perTurn: limits.recoveriesAtOnce)
        for session in sessions { session.takeLimits() }
    }
}

extension Session {
    /// Begins anew with the limits of the loop.
    func takeLimits() {
        limits = nil
        guard loop.rules.limitsCommands else { return }
        let new = SessionLimits(loop.rules, address: loop.rules.addresses == nil ? nil : transport.remoteAddress)
        limits = new
        guard state == .connected, !user.isEmpty, let party = loop.rules.users?.enter(user) else { return }
        for subscription in subscriptions.values where !subscription.isServerSide { party.addSubscription() }
        new.user = party
    }
}
