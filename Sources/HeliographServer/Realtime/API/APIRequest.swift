import NIOCore
import RealtimeProtocol

/// The members of a call's body. What is not understood is refused: a misspelt option of a publication would be missed by nobody.
struct APIRequest {
    private let members: [String: JSONValue]

    /// - Parameter known: the members that the method has.
    init(_ body: ByteBuffer, known: Set<String>) throws(APIError) {
        // What needs nothing may be called with nothing.
        guard body.readableBytes > 0 else {
            members = [:]
            return
        }
        do throws(Wire.DecodingError) { members = try JSONValue(body, maxDepth: 64).members().filter { !$0.value.isNull } } catch {
            throw APIError(.badRequest, "the body is no JSON object: \(error)")
        }
        if let other = members.keys.filter({ !known.contains($0) }).min() { throw APIError(.badRequest, "\(other) is not known") }
    }

    private init(members: [String: JSONValue]) {
        self.members = members
    }

    private func read<Value>(
        _ name: String, _ what: String, _ read: (JSONValue) throws(Wire.DecodingError) -> Value
    ) throws(APIError) -> Value? {
        guard let value = members[name] else { return nil }
        do throws(Wire.DecodingError) { return try read(value) } catch { throw APIError(.badRequest, "\(name) must be \(what)") }
    }

    func text(_ name: String) throws(APIError) -> String {
        try read(name, "text") { (value) throws(Wire.DecodingError) in try value.string() } ?? ""
    }

    /// Text that must be there.
    func required(_ name: String) throws(APIError) -> String {
        let text = try text(name)
        guard !text.isEmpty else { throw APIError(.badRequest, "\(name) is missing") }
        return text
    }

    func flag(_ name: String) throws(APIError) -> Bool {
        try read(name, "true or false") { (value) throws(Wire.DecodingError) in try value.bool() } ?? false
    }

    func integer<Integer: FixedWidthInteger>(_ name: String, _: Integer.Type = Integer.self) throws(APIError) -> Integer {
        try read(name, "a whole number") { (value) throws(Wire.DecodingError) in try value.integer(Integer.self) } ?? 0
    }

    func texts(_ name: String) throws(APIError) -> [String] {
        try read(name, "a list of texts") { (value) throws(Wire.DecodingError) in
            var texts: [String] = []
            for element in try value.elements() { texts.append(try element.string()) }
            return texts
        } ?? []
    }

    func tags() throws(APIError) -> [String: String] {
        try read("tags", "an object of texts") { (value) throws(Wire.DecodingError) in
            var tags: [String: String] = [:]
            for (tag, value) in try value.members() { tags[tag] = try value.string() }
            return tags
        } ?? [:]
    }

    /// An object within; nil if it is not there.
    func object(_ name: String, known: Set<String>) throws(APIError) -> APIRequest? {
        let found = try read(name, "an object") { (value) throws(Wire.DecodingError) in try value.members() }
        guard let found else { return nil }
        if let other = found.keys.filter({ !known.contains($0) }).min() { throw APIError(.badRequest, "\(name).\(other) is not known") }
        return APIRequest(members: found)
    }

    /// `data`, as it was written but for whitespace, or the bytes of `b64data`.
    func data() throws(APIError) -> [UInt8] {
        let base64 = try text("b64data")
        guard base64.isEmpty else {
            guard let bytes = Base64.decode(Array(base64.utf8), .standard) else { throw APIError(.badRequest, "b64data is not base64") }
            return bytes
        }
        guard let data = members["data"] else { throw APIError(.badRequest, "data is missing") }
        return Array(data.text.readableBytesView)
    }
}
