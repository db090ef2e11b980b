import NIOCore

// Strategy: a session asks about namespaces, handlers and limits with every command, so each loop has a copy of its own; whoever asks from elsewhere takes the
// one behind the lock.

extension Hub {
    /// Replaces the namespaces while clients are connected, and nothing else. See ``replace(namespaces:handlers:limits:)``.
    ///
    /// - Parameter namespaces: all that there are from now on.
    public func replaceNamespaces(by namespaces: Namespaces) { replace(namespaces: namespaces) }

    /// Replaces what decides while clients are connected: what they ask for next is decided by the new ones, on each event loop by all of them at once, from its
    /// next turn on. ``holdsEverywhere()`` waits for that.
    ///
    /// - Parameters:
    ///   - namespaces: all that there are from now on; nil: as before. Subscriptions keep the options that they began with, until they end.
    ///   - handlers: all of them; nil: as before. What is being decided on is decided by the old ones. A subscription that was to be prolonged by a handler that
    ///     is no longer there ends when its time is over.
    ///   - limits: nil: as before. Who is connected counts, beginning with full buckets, and stays even where there are more than the limits allow. They also take
    ///     the place of ``HubConfiguration/limits``.
    public func replace(namespaces: Namespaces? = nil, handlers: HubHandlers? = nil, limits: HubLimits? = nil) {
        // First, for a loop that begins meanwhile: what namespaces ask for is there.
        if let handlers { core.currentHandlers.replace(by: handlers) }
        if let namespaces {
            core.currentNamespaces.replace(by: namespaces)
            core.wildcards.forgetMatches()
        }
        let rules = limits.map(LimitRules.init)
        if let rules { core.admission.replace(by: rules) }
        for loop in allLoops {
            loop.perform {
                if let namespaces { loop.namespaces = namespaces }
                if let handlers { loop.handlers = handlers }
                if let rules { loop.take(rules) }
            }
        }
    }

    /// Returns when what was replaced before holds on every event loop: also a command that comes right after is decided by it.
    public func holdsEverywhere() async {
        for loop in allLoops { try? await loop.eventLoop.submit {}.get() }
    }

    /// The fields of a client's request that are to be kept with its connection: ``HubHandlers/keptRequestFields``.
    public var keptRequestFields: Set<String> { core.handlers.keptRequestFields }

    /// The limits that hold.
    public var limits: HubLimits { core.admission.rules.limits }
}
