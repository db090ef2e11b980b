import FoundationEssentials
import RealtimeHummingbird
import WebSocketHummingbird
import Yams

extension ServeConfiguration {
    /// Reads a configuration: options first, then the environment, then the file.
    ///
    /// - Parameters:
    ///   - file: in YAML or JSON, or if its name ends in `.toml` in TOML, of at most 1 MiB; nil: the one that the variable `HELIOGRAPH_CONFIG` names, or none.
    ///   - environment: variables; those that begin with `HELIOGRAPH_` and are no settings but look like ones are errors.
    ///   - options: what was given on the command line.
    /// - Throws: ``ServeError`` with a line for each thing that is wrong: nothing is guessed, and nothing passed over.
    public init(
        file: String?, environment: [String: String] = [:], options: SettingOptions = SettingOptions()
    ) async throws(ServeError) {
        let file = file ?? environment["\(Setting.variablePrefix)CONFIG"]
        let layers = SettingLayers(options: options.values, environment: environment.filter { $0.key != "\(Setting.variablePrefix)CONFIG" })
        try await self.init(yaml: file.map { (file) throws(ServeError) in try Self.text(of: file) }, file: file ?? "", layers: layers)
    }

    /// Reads a text.
    ///
    /// - Parameters:
    ///   - text: in YAML or JSON, or if the file's name ends in `.toml` in TOML.
    ///   - file: its name, for what is said of it.
    /// - Throws: ``ServeError`` with a line for each thing that is wrong.
    package init(text: String, file: String) async throws(ServeError) {
        try await self.init(yaml: text, file: file)
    }

    /// - Parameter yaml: the file's text; nil: there is none.
    init(yaml: String?, file: String, layers: SettingLayers = SettingLayers()) async throws(ServeError) {
        self.init()
        let reading = SettingsReading(file: file, layers: layers)
        try await read(Self.root(yaml, reading), reading)
    }

    init(_ root: Node, _ reading: SettingsReading) async throws(ServeError) {
        self.init()
        try await read(root, reading)
    }

    private mutating func read(_ node: Node, _ reading: SettingsReading) async throws(ServeError) {
        let root = ConfigurationSection(ConfigurationValue(node: node, path: "", reading: reading))
        readServing(root)
        readOperations(root)
        readProtection(root)
        let isConfigured = !reading.file.isEmpty || RealtimeConfiguration.sections.contains { root.has($0) }
        if isConfigured { realtime = await RealtimeConfiguration(root) }
        hasDemo = !isConfigured
        root.read("demo", into: &hasDemo)
        if realtime?.routes.userField != nil, protection.proxies.networks.isEmpty {
            reading.report("client.user_id_http_header: nobody's word is taken: give http_server.trusted_proxies", line: 0)
        }
        if !reading.hasProblems, let realtime {
            for host in [host, internalListener?.host].compactMap(\.self) {
                do throws(ServeError) { try realtime.check(host: host) } catch { reading.report(error.description, line: 0) }
            }
        }
        given = reading.given
        try reading.finish()
    }

    private mutating func readServing(_ root: ConfigurationSection) {
        if let server = root.section("http_server") {
            if let host = server.text("address") { self.host = host }
            server.read("port", into: &port)
            var count = 0
            server.read("threads", into: &count)
            threads = count > 0 ? count : nil
        }
        if let value = root.value("admin_password"), let password = value.string {
            adminPassword = password
            do throws(ServeError) { _ = try AdminPassword(password) } catch { value.report(error.description) }
        }
        root.section("log")?.read("level", into: &logLevel, Self.levels)
        if let live = root.section("live"), let value = live.value("secret"), let secret = value.string {
            liveSecret = secret
            if secret.utf8.count < 16 { value.report("it has \(secret.utf8.count) bytes and needs at least 16") }
        }
    }

    // MARK: The file

    /// Larger ones are no configurations.
    static let maxFileBytes = 1 << 20

    private static func text(of file: String) throws(ServeError) -> String {
        let data: Data
        do { data = try Data(contentsOf: URL(filePath: file)) } catch {
            let reason = (error as? CocoaError)?.code == .fileReadNoSuchFile ? "there is no such file" : "it can't be read"
            throw ServeError("The configuration \(file): \(reason).")
        }
        guard data.count <= maxFileBytes else { throw ServeError("The configuration \(file): it is larger than \(maxFileBytes) bytes.") }
        guard let text = String(validating: data, as: UTF8.self) else { throw ServeError("The configuration \(file): it is not UTF-8.") }
        return text
    }

    static func root(_ yaml: String?, _ reading: SettingsReading) throws(ServeError) -> Node {
        guard let yaml else { return .mapping(.init([])) }
        guard !reading.file.hasSuffix(".toml") else {
            do throws(TOMLReader.SyntaxError) {
                let (node, lines) = try TOMLReader.read(yaml)
                reading.lines = lines
                return node
            } catch {
                throw ServeError("\(reading.file):\(error.line): \(error.text)")
            }
        }
        let root: Node?
        do { root = try Yams.compose(yaml: yaml) } catch { throw explained(error, reading.file) }
        if let root { return root }
        // A file that says nothing is a mistake, unless all is said elsewhere.
        guard !reading.layers.isEmpty else { throw ServeError("\(reading.file): there is nothing in it") }
        return .mapping(.init([]))
    }

    private static func explained(_ error: any Error, _ file: String) -> ServeError {
        switch error {
        case YamlError.scanner(_, let problem, let mark, _), YamlError.parser(_, let problem, let mark, _),
            YamlError.composer(_, let problem, let mark, _):
            ServeError("\(file):\(mark.line): \(problem)")
        case YamlError.duplicatedKeysInMapping(let keys, let context):
            ServeError("\(file):\(context.mark.line): a key is given twice: \(keys.joined(separator: ", "))")
        default: ServeError("\(file): it is neither YAML nor JSON")
        }
    }
}

extension ConfigurationSection {
    /// Whether anything of a key is given, in whichever layer.
    fileprivate func has(_ key: String) -> Bool {
        value.reading.layers.has(under: key) || value.reading.layers[key] != nil || section(given: key)
    }
}
