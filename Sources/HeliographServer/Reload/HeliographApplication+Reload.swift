import RealtimeHub

extension HeliographApplication {
    /// What another reading of the configuration has done.
    public struct Reload: Hashable, Sendable {
        /// The settings that are others now, by their places.
        public var changed: [String]
        /// Settings that are others in the file, but not before the server is started anew.
        public var waiting: [String]
    }

    /// Takes over what can change while the server runs: the keys of tokens and of the API, namespaces, and the certificate, whose files are read
    /// anew. Connections go on: those that are there keep what they were granted, and what they ask for next is decided anew.
    ///
    /// - Parameter new: the configuration that was read.
    /// - Returns: what has changed.
    /// - Throws: ``ServeError``; then nothing has changed.
    public func reload(_ new: ServeConfiguration) throws(ServeError) -> Reload {
        let old = current.value
        let different = Set(old.keys).union(new.given.keys).filter { old[$0] != new.given[$0] }.sorted()
        let changed = different.filter { Setting.at($0)?.isReloaded == true }
        if let namespace = configuration.realtime?.hub.personalChannel?.namespace, new.realtime?.namespaces.named[namespace] == nil {
            throw ServeError("there is no namespace \(namespace) any more, and every user has a channel in it")
        }
        // All that can fail comes first.
        let certificate = try configuration.tls.map { (files) throws(ServeError) in try files.load() }
        let internalCertificate = try configuration.internalListener?.tls.map { (files) throws(ServeError) in try files.load() }
        if let certificate { certificates?.replace(by: certificate) }
        if let internalCertificate { internalCertificates?.replace(by: internalCertificate) }
        if let old = configuration.realtime, let new = new.realtime { replace(old, by: new) }
        current.take(changed, from: new.given)
        return Reload(changed: changed, waiting: different.filter { !changed.contains($0) })
    }

    private func replace(_ old: RealtimeConfiguration, by new: RealtimeConfiguration) {
        var namespaces = new.namespaces
        // Whoever opened this server did so for an address that others can't reach.
        namespaces.isInsecure = old.isInsecure
        hub.replaceNamespaces(by: namespaces)
        tokens?.replace(by: new.tokens)
        // Where nothing is said of the API any more, no key is good.
        apiAccess?.replace(by: new.api?.access ?? APIAccess())
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
