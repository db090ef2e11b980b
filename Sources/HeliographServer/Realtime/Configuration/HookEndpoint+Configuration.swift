import BackendHooks
import FoundationEssentials
import RealtimeHub
import RealtimeProtocol
import Yams

extension HookEndpoint {
    /// What a section says of a backend; nil if it has no address, or one that is no good.
    init?(_ section: ConfigurationSection, name: String) {
        let address = section.value("endpoint")
        self.init(url: address?.string ?? "", name: name)
        section.read("timeout", into: &timeout)
        requestFields = section.list("http_headers").compactMap { $0.string?.lowercased() }
        emulatedFields = Set(section.list("emulated_headers").compactMap { $0.string?.lowercased() })
        section.read("include_connection_meta", into: &includesMeta)
        section.read("binary_encoding", into: &isBinary)
        section.read("max_concurrent_requests", into: &maxConcurrent)
        section.read("max_answer_size", into: &maxAnswerBytes)
        if let breaker = section.section("breaker") {
            breaker.read("failures", into: &self.breaker.failures)
            breaker.read("window", into: &self.breaker.window)
            breaker.read("pause", into: &self.breaker.pause)
        }
        if let http = section.section("http") {
            staticFields = http.fields("static_headers")
            for part in http.sections("status_to_code_transforms") { readRefusal(part) }
            tls = HookTLS(http)
        }
        if timeout == .zero { (section.value("timeout") ?? section.value).report("it must be longer than that") }
        guard let address, section.isEndpoint(address) else { return nil }
    }

    private mutating func readRefusal(_ section: ConfigurationSection) {
        var (status, error, disconnect) = (0, 0, 0)
        var isTemporary = false
        section.read("status_code", into: &status)
        let (toError, toDisconnect) = (section.section("to_error"), section.section("to_disconnect"))
        toError?.read("code", into: &error)
        toError?.read("temporary", into: &isTemporary)
        toDisconnect?.read("code", into: &disconnect)
        let (message, reason) = (toError?.text("message") ?? "", toDisconnect?.text("reason") ?? "")
        guard status > 0 else { return section.value.report("it has no status_code") }
        switch (UInt32(exactly: error) ?? 0, UInt16(exactly: disconnect) ?? 0) {
        case (1..., 0): refusals[status] = .error(.init(UInt32(clamping: error), message: message, isTemporary: isTemporary))
        case (0, 1...) where reason.utf8.count <= 123:
            refusals[status] = .disconnect(DisconnectCode(UInt16(clamping: disconnect), reason: reason))
        case (0, 1...): section.value.report("to_disconnect.reason must have at most 123 bytes")
        default: section.value.report("it must have either to_error.code or to_disconnect.code")
        }
    }
}

extension HookTLS {
    /// The files that a section names.
    init(_ http: ConfigurationSection) {
        self.init()
        guard let section = http.section("tls") else { return }
        authorities = section.fileText("server_ca_file")
        certificate = section.fileText("cert_file")
        key = section.fileText("key_file")
        section.read("dangerously_skip_verification", into: &dangerouslySkipsVerification)
        if let objection { section.value.report(objection) }
    }
}

extension ConfigurationSection {
    /// Whether a backend can be there; what is wrong is noted.
    func isEndpoint(_ address: ConfigurationValue) -> Bool {
        var allowsPlainHTTP = false
        read("dangerously_allow_plain_http", into: &allowsPlainHTTP)
        guard let text = address.string else { return false }
        guard let objection = EndpointRules.objection(to: text, dangerouslyAllowsPlainHTTP: allowsPlainHTTP) else { return true }
        address.report(objection)
        return false
    }

    /// Names and values of fields.
    func fields(_ key: String) -> [String: String] {
        guard let value = value(key), !value.isEmpty else { return [:] }
        guard case .mapping(let mapping) = value.node else {
            value.report("it must be a section of names and values, as in {X-Key: secret}")
            return [:]
        }
        var fields: [String: String] = [:]
        for (name, content) in mapping {
            guard let name = name.scalar?.string, let text = content.scalar?.string, HookEndpoint.isField(name, text) else {
                value.report("it has what can't be a field of a request")
                continue
            }
            fields[name] = text
        }
        value.reading.note(fields.map { "\($0.key): \($0.value)" }.sorted().joined(separator: "\n"), at: value.path)
        return fields
    }

    fileprivate func fileText(_ key: String) -> String? {
        guard let value = value(key), let path = value.string else { return nil }
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= 1 << 20,
            let text = String(validating: data, as: UTF8.self)
        else {
            value.report("there is no text at \(path), or it can't be read")
            return nil
        }
        return text
    }
}
