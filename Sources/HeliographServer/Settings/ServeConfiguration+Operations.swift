import RealtimeHub
import RealtimeHummingbird
import WebSocketNIO

extension ServeConfiguration {
    /// Reads listeners, TLS, metrics, health, logs and the end.
    mutating func readOperations(_ root: ConfigurationSection) {
        if let server = root.section("http_server") { readListeners(server) }
        if let flag = root.section("prometheus")?.flag("enabled") { hasMetrics = flag }
        if let flag = root.section("health")?.flag("enabled") { hasHealth = flag }
        if let log = root.section("log") {
            log.read("format", into: &self.log.format, ["text": .text, "json": .json])
            if let file = log.text("file") { self.log.file = file }
        }
        guard let section = root.section("shutdown") else { return }
        section.read("timeout", into: &shutdown.timeout)
        section.read("delay", into: &shutdown.delay)
        // Who only says how long all may take gets a part of that.
        shutdown.window = min(shutdown.window, shutdown.timeout / 2)
        section.read("window", into: &shutdown.window)
        if shutdown.delay + shutdown.window >= shutdown.timeout {
            section.value.report(
                "delay and window together must be less than timeout (\(shutdown.delay), \(shutdown.window), \(shutdown.timeout))")
        }
    }

    private mutating func readListeners(_ server: ConfigurationSection) {
        tls = server.section("tls").flatMap { Self.files($0) }
        let own = server.section("internal_tls").flatMap { Self.files($0) }
        var isExternal = false
        server.read("tls_external", into: &isExternal)
        let port = server.value("internal_port")
        let address = server.value("internal_address")
        guard let port, let number = port.read({ (value) throws(ServeError) in try value.integer(0...65_535) }) else {
            let isAddressGiven = address.map { $0.string != InternalListener(port: 0).host } ?? false
            for (key, isGiven) in [("internal_address", isAddressGiven), ("internal_tls", own != nil), ("tls_external", isExternal)]
            where isGiven {
                server.value.report("\(key) is for the internal listener, and there is none without internal_port")
            }
            return
        }
        var listener = InternalListener(port: number)
        if let host = address?.string { listener.host = host }
        listener.tls = own ?? (isExternal ? nil : tls)
        if number != 0, number == self.port, Self.overlap(listener.host, host) {
            port.report("the public listener has this port; the internal one needs another")
        }
        if isExternal, tls == nil { server.value.report("tls_external says that only the public listener has TLS, and there is no tls") }
        internalListener = listener
    }

    /// The files of one listener; nil if it has none, or not all.
    private static func files(_ section: ConfigurationSection) -> TLSFiles? {
        let (certificate, key) = (section.text("cert_file"), section.text("key_file"))
        let authorities = section.text("client_ca_file")
        var isRequired = true
        section.read("client_certificates", into: &isRequired, ["required": true, "optional": false])
        var version = TLSFiles.Version.v12
        section.read("min_version", into: &version, ["1.2": .v12, "1.3": .v13])
        guard let certificate, let key else {
            if certificate != nil || key != nil {
                section.value.report("--tls-cert and --tls-key go together, as cert_file and key_file do")
            } else if authorities != nil {
                section.value.report("client_ca_file needs cert_file and key_file: only a server with TLS can ask for certificates")
            }
            return nil
        }
        if authorities == nil, !isRequired {
            section.value.report("client_certificates needs client_ca_file: without authorities nobody is asked for one")
        }
        var files = TLSFiles(certificate: certificate, key: key)
        files.clientAuthorities = authorities
        files.requiresClientCertificate = isRequired
        files.minimumVersion = version
        return files
    }

    private static func overlap(_ one: String, _ other: String) -> Bool {
        let all: Set = ["0.0.0.0", "::"]
        return one == other || all.contains(one) || all.contains(other)
    }

    /// Has everything that closes connections at the end do so within the same time.
    mutating func spreadShutdown() {
        realtime?.hub.shutdownWindow = shutdown.window
        realtime?.routes.webSocket.shutdownWindow = shutdown.window
    }

    // MARK: What is where

    /// Whether the public listener can be reached from this machine alone.
    var isLocal: Bool { Self.isLocal(host) }

    static func isLocal(_ host: String) -> Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// Which listeners there are for something.
    enum Place: Sendable { case nowhere, onPublic, onInternal }

    var metricsPlace: Place { place(hasMetrics) }
    var healthPlace: Place { place(hasHealth ?? hasMetrics) }

    private func place(_ isEnabled: Bool?) -> Place {
        if isEnabled == false { return .nowhere }
        if internalListener != nil { return .onInternal }
        return isEnabled == true || isLocal ? .onPublic : .nowhere
    }
}

extension ConfigurationSection {
    /// Nil if nothing is said.
    fileprivate func flag(_ key: String) -> Bool? {
        value(key)?.read { (value) throws(ServeError) in try value.bool() }
    }
}
