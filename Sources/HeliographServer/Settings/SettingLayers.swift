import Configuration

// Strategy: three layers, of which the first that has a setting decides: options, environment, file. swift-configuration looks a setting up in the first
// two. The file is not one of its providers: those know neither lines nor lists of sections, and pass over what nobody asks for.

/// What options and the environment say of settings.
struct SettingLayers: Sendable {
    struct Value: Hashable, Sendable {
        /// One, unless the setting is a list.
        var texts: [String]
        /// Who says it, such as `--port` or `HELIOGRAPH_HTTP_SERVER_PORT`.
        var origin: String
    }

    private let values: [String: Value]
    /// Variables that look like settings and are none.
    let strangers: [String]

    /// - Parameters:
    ///   - options: what was given on the command line, by the settings' paths.
    ///   - environment: all of it.
    init(options: [String: [String]] = [:], environment: [String: String] = [:]) {
        let own = environment.filter { $0.key.hasPrefix(Setting.variablePrefix) }
        let given = options.map { path, texts in
            (AbsoluteConfigKey(path.split(separator: ".").map(String.init)), ConfigValue(.stringArray(texts), isSecret: false))
        }
        let first = ConfigReader(
            provider: InMemoryProvider(name: "options", values: Dictionary(given, uniquingKeysWith: { first, _ in first })))
        let second = ConfigReader(provider: EnvironmentVariablesProvider(environmentVariables: own).prefixKeys(with: "heliograph"))
        var values: [String: Value] = [:]
        for setting in Setting.table where setting.isLayered {
            let key = ConfigKey(setting.components)
            if let texts = first.stringArray(forKey: key) {
                values[setting.path] = Value(texts: texts, origin: setting.option.map { "--\($0)" } ?? "--set \(setting.path)")
            } else if let variable = setting.variable, let texts = Self.texts(of: setting, key, in: second) {
                values[setting.path] = Value(texts: texts, origin: variable)
            }
        }
        self.values = values
        strangers = own.keys.filter(Self.isStrange).sorted()
    }

    /// A list's elements are separated by commas.
    private static func texts(of setting: Setting, _ key: ConfigKey, in reader: ConfigReader) -> [String]? {
        switch setting.kind {
        case .texts, .choices: reader.stringArray(forKey: key)
        default: reader.string(forKey: key).map { [$0] }
        }
    }

    subscript(path: String) -> Value? { values[path] }

    var isEmpty: Bool { values.isEmpty }

    /// Whether something within a section is said.
    func has(under section: String) -> Bool {
        values.keys.contains { $0.hasPrefix(section + ".") }
    }

    // MARK: Variables that mean nothing

    private static let variables = Set(Setting.table.compactMap(\.variable))

    /// `HELIOGRAPH_CLIENT_`: whatever begins so is meant for us. Others may have been set by whoever runs the process: Kubernetes tells about a service
    /// of our name in `HELIOGRAPH_PORT`.
    private static let sections = Set(
        Setting.table.filter { $0.isLayered && $0.components.count > 1 }.map {
            "\(Setting.variablePrefix)\($0.components[0].uppercased())_"
        })

    private static func isStrange(_ variable: String) -> Bool {
        guard !variables.contains(variable) else { return false }
        return sections.contains { variable.hasPrefix($0) } || Spelling.nearest(variable, among: Array(variables), within: 2) != nil
    }

    /// What is wrong with the environment.
    var problems: [String] {
        strangers.map { name in
            let near = Spelling.nearest(name, among: Array(Self.variables))
            return "\(name): there is no such setting" + (near.map { "; did you mean \($0)?" } ?? "")
        }
    }
}
