import Yams

// Strategy: every leaf of their file is looked up in a table of what we have under another name; what has the same name and is a setting of ours is taken as it is; all
// else is told, unless it only says that something is off. Our own reader then looks at the result.

/// Makes a configuration of ours from one of Centrifugo v6.
public struct CentrifugoImport: Sendable {
    /// The file's text, in YAML.
    public let text: String
    /// What could not be carried over, or means something else here.
    public let notes: [String]
    /// What has to be changed before it can be used.
    public let problems: [String]

    /// - Parameters:
    ///   - theirs: a file in YAML or JSON, or in TOML if its name says so.
    ///   - file: its name, for what is said of it.
    /// - Throws: ``ServeError`` if it can't be read.
    public init(_ theirs: String, file: String) async throws(ServeError) {
        let reading = SettingsReading(file: file, layers: SettingLayers())
        let root = try ServeConfiguration.root(theirs, reading)
        guard case .mapping(let mapping) = root else { throw ServeError("\(file): it is no configuration: there are no sections") }
        var carrier = CentrifugoCarrier()
        carrier.carry(mapping)
        notes = carrier.notes
        let yaml: String
        do { yaml = try Yams.serialize(node: carrier.result, sortKeys: false) } catch {
            throw ServeError("\(file): it can't be written as YAML")
        }
        text = "# Made from \(file) by `heliograph import-config`.\n" + yaml
        do throws(ServeError) {
            _ = try await ServeConfiguration(yaml: text, file: "heliograph.yaml")
            problems = []
        } catch {
            problems = error.description.split(separator: "\n").map(String.init)
        }
    }
}

/// Carries settings over.
struct CentrifugoCarrier {
    private(set) var result = Node.mapping(.init([]))
    private(set) var notes: [String] = []
    /// The beginnings of paths that are switched off.
    private var off: [String] = []

    mutating func carry(_ theirs: Node.Mapping) {
        let root = Node.mapping(theirs)
        for (section, key, isOn) in Self.switches where Self.flag(root, section, key) != isOn { off.append("\(section).") }
        // What they do without being told, and we don't.
        set("http_server.address", "0.0.0.0")
        set("http_server.port", "8000")
        for transport in ["http_stream", "sse"] { set("\(transport).enabled", "false") }
        result.set(["channel", "without_namespace"], .mapping(.init([])))
        if root["http_server"]?["internal_port"] != nil { set("http_server.internal_address", "0.0.0.0") }
        carry(root, at: "")
        carryPreviousSecret(root)
        remark(root)
    }

    /// A flag of theirs; false if it is not there.
    private static func flag(_ root: Node, _ section: String, _ key: String) -> Bool {
        var node: Node? = root
        for name in section.split(separator: ".") { node = node?[String(name)] }
        return node?[key]?.string == "true"
    }

    private mutating func carry(_ node: Node, at path: String) {
        switch node {
        case .mapping where Setting.at(path)?.kind == .mapping:
            if !isOff(node) { result.set(path.split(separator: ".").map(String.init), node) }
        case .mapping(let mapping):
            for (key, value) in mapping {
                let name = key.string ?? "?"
                carry(value, at: path.isEmpty ? name : "\(path).\(name)")
            }
        case .sequence(let sequence) where path == "channel.namespaces":
            result.set(["channel", "namespaces"], .sequence(.init(sequence.map { namespace($0) })))
        case .sequence(let sequence) where Setting.at(path)?.kind == .sections:
            guard !sequence.isEmpty else { return }
            result.set(path.split(separator: ".").map(String.init), .sequence(.init(sequence.map { element($0, at: "\(path)[]") })))
        case .sequence where isRateLimit(path): result.set(path.split(separator: ".").map(String.init), node)
        default: carryLeaf(node, at: path)
        }
    }

    /// An element of a list, or a section within.
    private mutating func element(_ theirs: Node, at path: String) -> Node {
        guard case .mapping(let mapping) = theirs else { return theirs }
        var ours: [(Node, Node)] = []
        for (key, value) in mapping where !isOff(value) {
            let place = "\(path).\(key.string ?? "?")"
            if let name = Self.renamedOfProxy(place) {
                if !name.isEmpty { ours.append((Node(name), value)) }
            } else if let setting = Setting.at(place) {
                ours.append((key, setting.kind == .sections ? list(value, at: "\(place)[]") : value))
            } else if case .mapping = value, !Setting.keys(in: place).isEmpty {
                ours.append((key, element(value, at: place)))
            } else {
                note(place)
            }
        }
        return .mapping(.init(ours))
    }

    private mutating func list(_ theirs: Node, at path: String) -> Node {
        guard case .sequence(let sequence) = theirs else { return theirs }
        return .sequence(.init(sequence.map { element($0, at: path) }))
    }

    private mutating func carryLeaf(_ node: Node, at path: String) {
        if Self.handled.contains(path) || off.contains(where: path.hasPrefix) { return }
        if isOff(node), !isRateLimit(path) { return }
        if let name = Self.renamedOfProxy(path) {
            guard !name.isEmpty else { return }
            return result.set(path.split(separator: ".").dropLast().map(String.init) + [name], node)
        }
        if let (ours, value) = Self.renamed[path] {
            return result.set(ours.split(separator: ".").map(String.init), value.map { Node($0) } ?? node)
        }
        if let setting = Setting.at(path), setting.isLayered, Self.reason(path) == nil {
            return result.set(setting.components, node.string.flatMap { Self.values[path]?[$0] }.map { Node($0) } ?? node)
        }
        note(path)
    }

    /// Limits that are off keep their rates, to be put on.
    private func isRateLimit(_ path: String) -> Bool { path.hasPrefix("client.rate_limit.") && Setting.at(path) != nil }

    /// What is off there is off here.
    private func isOff(_ node: Node) -> Bool {
        switch node {
        case .scalar(let scalar): ["false", "0", "", "0s", "null", "~"].contains(scalar.string)
        case .sequence(let sequence): sequence.isEmpty
        case .mapping(let mapping): mapping.isEmpty
        case .alias: false
        }
    }

    private mutating func set(_ path: String, _ value: String) {
        result.set(path.split(separator: ".").map(String.init), Node(value))
    }

    private mutating func note(_ path: String) {
        let reason = Self.reason(path) ?? (path.contains("proxy") ? Self.hooks : nil) ?? "there is nothing like it here"
        let note = "\(path): \(reason)"
        if !notes.contains(note) { notes.append(note) }
    }

    // MARK: Channels

    private mutating func namespace(_ theirs: Node) -> Node {
        guard case .mapping(let mapping) = theirs else { return theirs }
        let known = Setting.keys(in: "channel.namespaces[]")
        let name = theirs["name"]?.string ?? "?"
        var ours: [(Node, Node)] = []
        for (key, value) in mapping {
            let option = key.string ?? "?"
            if known.contains(option) {
                ours.append((key, value))
            } else if !isOff(value), !(option == "subscription_type" && value.string == "stream") {
                noteOption("channel.namespaces[\(name)].\(option)", option)
            }
        }
        return .mapping(.init(ours))
    }

    private mutating func noteOption(_ path: String, _ option: String) {
        let reason =
            option.contains("proxy")
            ? Self.hooks : option.contains("map") || option.contains("poll") || option == "subscription_type" ? Self.maps : nil
        notes.append("\(path): \(reason ?? "there is nothing like it here")")
    }

    // MARK: Tokens

    private mutating func carryPreviousSecret(_ root: Node) {
        for section in ["token", "subscription_token"] {
            guard !off.contains("client.\(section)."), let token = root["client"]?[section],
                let secret = token["hmac_previous_secret_key"]?.string, !secret.isEmpty
            else {
                continue
            }
            var key: [(Node, Node)] = [("algorithm", "HS256"), ("secret", Node(secret, .implicit, .doubleQuoted))]
            if let until = token["hmac_previous_secret_key_valid_until"] { key.append(("valid_until", until)) }
            result.set(["client", section, "keys"], .sequence(.init([.mapping(.init(key))])))
        }
    }

    /// What has the same name and means something else.
    private mutating func remark(_ root: Node) {
        for section in ["token", "subscription_token"] {
            guard !off.contains("client.\(section)."), let token = root["client"]?[section] else { continue }
            for (key, algorithm, others) in [("hmac_secret_key", "HS256", "HS384 or HS512"), ("rsa_public_key", "RS256", "RS384 or RS512")]
            where token[key]?.string?.isEmpty == false {
                notes.append(
                    "client.\(section).\(key): it is for \(algorithm) alone here; for \(others) give the key under client.\(section).keys")
            }
        }
        for section in ["websocket", "uni_websocket"] where !off.contains("\(section).") && Self.flag(root, section, "compression") {
            notes.append("\(section).compression: message_size_limit is of messages as they are after decompression here")
        }
        for namespace in root["channel"]?["namespaces"]?.sequence ?? [] {
            guard let regex = namespace["channel_regex"]?.string, !regex.isEmpty, !(regex.hasPrefix("^") && regex.hasSuffix("$")) else {
                continue
            }
            notes.append(
                "channel.namespaces[\(namespace["name"]?.string ?? "?")].channel_regex: it must match the whole name here, not a part of it"
            )
        }
    }
}

extension Node {
    /// Puts a value at a path, with the sections on the way.
    fileprivate mutating func set(_ path: [String], _ value: Node) {
        guard let first = path.first, case .mapping(var mapping) = self else { return }
        let key = Node(first)
        if path.count == 1 {
            mapping[key] = value
        } else {
            var section = mapping[key] ?? .mapping(.init([]))
            section.set(Array(path.dropFirst()), value)
            mapping[key] = section
        }
        self = .mapping(mapping)
    }
}
