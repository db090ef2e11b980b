import Synchronization

// Strategy: a session asks about namespaces with every command, so each loop has a copy of its own; whoever publishes from elsewhere takes the one behind
// the lock.

/// The namespaces of a hub, which can be replaced.
final class CurrentNamespaces: Sendable {
    private let current: Mutex<Namespaces>

    init(_ namespaces: Namespaces) {
        current = Mutex(namespaces)
    }

    var value: Namespaces { current.withLock { $0 } }

    func replace(by namespaces: Namespaces) { current.withLock { $0 = namespaces } }
}

extension Hub {
    /// Replaces the namespaces while clients are connected. What they ask for next is decided by the new ones; the subscriptions that they have keep
    /// the options that they began with, until they end.
    ///
    /// - Parameter namespaces: all that there are from now on.
    public func replaceNamespaces(by namespaces: Namespaces) {
        core.currentNamespaces.replace(by: namespaces)
        core.wildcards.forgetMatches()
        for loop in allLoops { loop.perform { loop.namespaces = namespaces } }
    }
}
