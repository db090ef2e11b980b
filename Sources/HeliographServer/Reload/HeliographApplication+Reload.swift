import RealtimeHub
import WebSocketHummingbird

extension HeliographApplication {
    /// What another reading of the configuration has done.
    public struct Reload: Hashable, Sendable {
        /// The settings that are others now, by their places.
        public var changed: [String]
        /// Settings that are others in the file, but not before the server is started anew.
        public var waiting: [String]
    }

    /// Takes over what can change while the server runs, which `Docs/configuration.md` marks with SIGHUP: the keys of tokens and of the API, namespaces, backends and
    /// events, limits, and what protects the process; and the files of certificates, which are read anew. Connections go on: those that are there keep what
    /// they were granted, and what they ask for next is decided anew.
    ///
    /// - Parameter new: the configuration that was read.
    /// - Returns: what has changed.
    /// - Throws: ``ServeError``; then nothing has changed.
    public func reload(_ new: ServeConfiguration) async throws(ServeError) -> Reload {
        let old = current.value
        let different = Set(old.keys).union(new.given.keys).filter { old[$0] != new.given[$0] }.sorted()
        let unmoved = placesThatWait(new)
        let changed = different.filter { place in
            Setting.at(place)?.isReloaded == true && !unmoved.contains { place.hasPrefix($0) }
        }
        if let namespace = configuration.realtime?.hub.personalChannel?.namespace, new.realtime?.namespaces.named[namespace] == nil {
            throw ServeError("there is no namespace \(namespace) any more, and every user has a channel in it")
        }
        // All that can fail comes first.
        let certificate = try configuration.tls.map { (files) throws(ServeError) in try files.load() }
        let internalCertificate = try configuration.internalListener?.tls.map { (files) throws(ServeError) in try files.load() }
        let asked = try new.realtime.flatMap { (new) throws(ServeError) in try hooks.change(to: new) }
        if let certificate { certificates?.replace(by: certificate) }
        if let internalCertificate { internalCertificates?.replace(by: internalCertificate) }
        if let old = configuration.realtime, let new = new.realtime { replace(old, by: new, asked) }
        protect(new.protection)
        current.take(changed, from: new.given)
        await hub.holdsEverywhere()
        return Reload(changed: changed, waiting: different.filter { !changed.contains($0) })
    }

    private func protect(_ protection: ServeConfiguration.Protection) {
        watch.take(protection)
        listenerSettings.limits = protection.connections
        if !changesProxyHeader(protection) { listenerSettings.trustedProxies = protection.proxies }
    }

    /// Until then, whoever is trusted to send headers is.
    private func changesProxyHeader(_ protection: ServeConfiguration.Protection) -> Bool {
        protection.expectsProxyHeader != configuration.protection.expectsProxyHeader
    }

    /// The beginnings of places. The API has routes, events have a queue, and connections begin with a header, or they don't: that does not change while the server
    /// runs.
    private func placesThatWait(_ new: ServeConfiguration) -> [String] {
        var places = changesProxyHeader(new.protection) ? ["http_server.trusted_proxies", "http_server.forwarded_header"] : []
        guard let old = configuration.realtime, let new = new.realtime else { return places }
        if old.api == nil, new.api != nil { places.append("http_api.") }
        if hooks.startsOrEndsEvents(new) { places.append("events.") }
        return places
    }

    private func replace(_ old: RealtimeConfiguration, by new: RealtimeConfiguration, _ asked: ServerHooks.Change?) {
        var namespaces = new.namespaces
        // Whoever opened this server did so for an address that others can't reach.
        namespaces.isInsecure = old.isInsecure
        // Who has connected begins with full buckets: not because something else has changed.
        let limits = new.hub.limits == hub.limits ? nil : new.hub.limits
        hub.replace(namespaces: namespaces, handlers: asked.map(hooks.take), limits: limits)
        tokens?.replace(by: new.tokens)
        // Where nothing is said of the API any more, no key is good.
        var access = new.api?.access ?? APIAccess()
        access.tokens?.keep(oneOf: [apiAccess?.value.tokens?.rules.keySet].compactMap(\.self))
        apiAccess?.replace(by: access)
    }
}

extension ServeConfiguration {
    /// Looks at the files that the configuration names.
    ///
    /// - Throws: ``ServeError`` if the certificate or the key cannot be used.
    public func checkFiles() throws(ServeError) {
        _ = try tls?.load()
        _ = try internalListener?.tls?.load()
    }
}
