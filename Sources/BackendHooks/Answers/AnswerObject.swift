import NIOCore
import RealtimeHub
import RealtimeProtocol

/// An object in a backend's answer. Members that are not known are passed over, as other servers do: a backend may speak to several. Null is as if it were
/// not there. What is known must be what it should be.
struct AnswerObject {
    private let members: [String: JSONValue]
    /// Of what answer, for what is said of it.
    private let place: String

    init(_ value: JSONValue, place: String) throws(AnswerFault) {
        do throws(Wire.DecodingError) { members = try value.members().filter { !$0.value.isNull } } catch {
            throw AnswerFault("\(place) is no object")
        }
        self.place = place
    }

    func has(_ name: String) -> Bool { members[name] != nil }

    private func read<Value>(
        _ name: String, _ what: String, _ read: (JSONValue) throws(Wire.DecodingError) -> Value
    ) throws(AnswerFault) -> Value? {
        guard let value = members[name] else { return nil }
        do throws(Wire.DecodingError) { return try read(value) } catch { throw AnswerFault("\(place).\(name) is not \(what)") }
    }

    func text(_ name: String) throws(AnswerFault) -> String? {
        try read(name, "text") { (value) throws(Wire.DecodingError) in try value.string() }
    }

    func flag(_ name: String) throws(AnswerFault) -> Bool? {
        try read(name, "true or false") { (value) throws(Wire.DecodingError) in try value.bool() }
    }

    func integer<Integer: FixedWidthInteger>(_ name: String, _: Integer.Type = Integer.self) throws(AnswerFault) -> Integer? {
        try read(name, "a whole number that fits") { (value) throws(Wire.DecodingError) in try value.integer(Integer.self) }
    }

    /// Seconds since 1970, as milliseconds; 0 if it is not there.
    func time(_ name: String) throws(AnswerFault) -> Int64 {
        let seconds: Int64 = try integer(name) ?? 0
        // Beyond the year 9999 it is no date but milliseconds, or worse.
        guard (0...253_402_300_799).contains(seconds) else { throw AnswerFault("\(place).\(name) is no time in seconds since 1970") }
        return seconds * 1_000
    }

    func texts(_ name: String) throws(AnswerFault) -> [String] {
        try read(name, "a list of texts") { (value) throws(Wire.DecodingError) in
            var texts: [String] = []
            for element in try value.elements() { texts.append(try element.string()) }
            return texts
        } ?? []
    }

    func textsByName(_ name: String) throws(AnswerFault) -> [String: String] {
        try read(name, "an object of texts") { (value) throws(Wire.DecodingError) in
            var texts: [String: String] = [:]
            for (member, value) in try value.members() { texts[member] = try value.string() }
            return texts
        } ?? [:]
    }

    func object(_ name: String) throws(AnswerFault) -> AnswerObject? {
        guard let value = members[name] else { return nil }
        return try AnswerObject(value, place: "\(place).\(name)")
    }

    /// The objects within an object, by their names.
    func objects(_ name: String) throws(AnswerFault) -> [String: AnswerObject] {
        guard let object = try object(name) else { return [:] }
        var objects: [String: AnswerObject] = [:]
        for (member, value) in object.members { objects[member] = try AnswerObject(value, place: "\(object.place).\(member)") }
        return objects
    }

    /// The objects in a list.
    func list(_ name: String) throws(AnswerFault) -> [AnswerObject] {
        let elements = try read(name, "a list") { (value) throws(Wire.DecodingError) in try value.elements() } ?? []
        var objects: [AnswerObject] = []
        for element in elements { objects.append(try AnswerObject(element, place: "\(place).\(name)")) }
        return objects
    }

    /// JSON as it was written but for whitespace, or the bytes of the member in base64 (`b64…`) if that is there.
    func payload(_ name: String) throws(AnswerFault) -> [UInt8]? {
        if let base64 = try text("b64\(name)"), !base64.isEmpty {
            guard let bytes = Base64.decode(Array(base64.utf8), .standard) else { throw AnswerFault("\(place).b64\(name) is not base64") }
            return bytes
        }
        return members[name].map { Array($0.text.readableBytesView) }
    }

    func data(_ name: String) throws(AnswerFault) -> ByteBuffer? {
        try payload(name).map { ByteBuffer(bytes: $0) }
    }
}

// MARK: - What of the protocol is an object

extension AnswerObject {
    /// `{"presence": {"value": true}, …}`
    func override() throws(AnswerFault) -> ChannelOverride {
        guard let options = try object("override") else { return ChannelOverride() }
        return ChannelOverride(
            presence: try options.object("presence")?.flag("value"), joinLeave: try options.object("join_leave")?.flag("value"),
            forcePushJoinLeave: try options.object("force_push_join_leave")?.flag("value"),
            forceRecovery: try options.object("force_recovery")?.flag("value"),
            forcePositioning: try options.object("force_positioning")?.flag("value"))
    }

    /// `{"key": "team", "cmp": "eq", "val": "red"}`; nil if there is none. One that is no good is a fault: without it somebody would see what is not for them.
    func tagsFilter() throws(AnswerFault) -> TagsFilter? {
        guard let value = members["server_tags_filter"] else { return nil }
        guard let node = try? Wire.filterNode(json: value.text), let filter = try? TagsFilter(node) else {
            throw AnswerFault("\(place).server_tags_filter is no filter")
        }
        return filter
    }

    /// `[{"channels": ["news:*"], "allow": ["sub", "hst"]}, …]`; nil if there are none.
    func capabilities() throws(AnswerFault) -> Capabilities? {
        guard has("caps") else { return nil }
        var list: [Capabilities.Capability] = []
        var count = 0
        for entry in try self.list("caps") {
            // What would be another way to match is no wider here than what is written.
            if let match = try entry.text("match"), !["", "exact", "wildcard"].contains(match) {
                throw AnswerFault("\(entry.place).match is not known")
            }
            let capability = Capabilities.Capability(try entry.patterns(), try entry.operations())
            count += capability.patterns.count
            guard count <= Capabilities.maxPatterns else { throw AnswerFault("\(place).caps has too many channels") }
            list.append(capability)
        }
        return Capabilities(list)
    }

    private func patterns() throws(AnswerFault) -> [ChannelPattern] {
        var patterns: [ChannelPattern] = []
        for text in try texts("channels") {
            guard let pattern = try? ChannelPattern(text) else { throw AnswerFault("\(place).channels has what is no pattern") }
            patterns.append(pattern)
        }
        return patterns
    }

    private func operations() throws(AnswerFault) -> Set<Namespaces.Operation> {
        var operations: Set<Namespaces.Operation> = []
        for word in try texts("allow") {
            switch word {
            case "sub", "subscribe": operations.insert(.subscribe)
            case "pub", "publish": operations.insert(.publish)
            case "prs", "presence": operations.insert(.presence)
            case "hst", "history": operations.insert(.history)
            default: throw AnswerFault("\(place).allow has what is not known")
            }
        }
        return operations
    }
}
