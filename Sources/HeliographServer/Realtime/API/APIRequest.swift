import NIOCore
import PubSub
import RealtimeHub
import RealtimeProtocol

/// The members of a call. What is not understood is refused: a misspelt option of a publication would be missed by nobody.
struct APIRequest {
    private let members: [(name: String, value: JSONValue)]
    /// The object's name within a call, for what is said of it; empty: the call itself.
    private let name: String
    /// Nil: it costs no more than it says itself.
    var budget: CallBudget?

    /// A body.
    init(_ body: ByteBuffer) throws(APIError) {
        name = ""
        // What needs nothing may be called with nothing.
        guard body.readableBytes > 0 else {
            members = []
            return
        }
        do throws(Wire.DecodingError) { members = try JSONValue(body, maxDepth: 64).memberList() } catch {
            throw APIError(.badRequest, "the body is no JSON object: \(error)")
        }
    }

    /// An object within.
    init(_ value: JSONValue, place: String) throws(APIError) {
        do throws(Wire.DecodingError) { members = try value.memberList() } catch {
            throw APIError(.badRequest, "\(place) must be an object")
        }
        name = place
    }

    private var place: String { name.isEmpty ? "" : "\(name)." }

    func check(known: Set<String>) throws(APIError) {
        guard !members.allSatisfy({ known.contains($0.name) }) else { return }
        let other = members.lazy.map(\.name).filter { !known.contains($0) }.min() ?? ""
        throw APIError(.badRequest, "\(place)\(other) is not known")
    }

    private func member(_ name: String) -> JSONValue? {
        for member in members where member.name == name { return member.value }
        return nil
    }

    /// Null counts as not there.
    private func value(_ name: String) -> JSONValue? {
        guard let value = member(name), !value.isNull else { return nil }
        return value
    }

    func has(_ name: String) -> Bool { value(name) != nil }

    /// Whether it is there, be it null.
    func names(_ name: String) -> Bool { member(name) != nil }

    /// The only member; nil if there is none, or more.
    var only: (name: String, value: JSONValue)? {
        guard members.count == 1, let member = members.first else { return nil }
        return member
    }

    private func read<Value>(
        _ name: String, _ what: String, _ read: (JSONValue) throws(Wire.DecodingError) -> Value
    ) throws(APIError) -> Value? {
        guard let value = value(name) else { return nil }
        do throws(Wire.DecodingError) { return try read(value) } catch { throw APIError(.badRequest, "\(place)\(name) must be \(what)") }
    }

    func text(_ name: String) throws(APIError) -> String {
        try read(name, "text") { (value) throws(Wire.DecodingError) in try value.string() } ?? ""
    }

    /// Text that must be there.
    func required(_ name: String) throws(APIError) -> String {
        let text = try text(name)
        guard !text.isEmpty else { throw APIError(.badRequest, "\(place)\(name) is missing") }
        return text
    }

    func flag(_ name: String) throws(APIError) -> Bool {
        try read(name, "true or false") { (value) throws(Wire.DecodingError) in try value.bool() } ?? false
    }

    func integer<Integer: FixedWidthInteger>(_ name: String, _: Integer.Type = Integer.self) throws(APIError) -> Integer {
        guard let value = value(name) else { return 0 }
        if let number = try? value.integer(Integer.self) { return number }
        guard let number = WholeNumber.value(value.text.readableBytesView, Integer.self) else {
            throw APIError(.badRequest, "\(place)\(name) must be a whole number")
        }
        return number
    }

    /// A number within bounds; nil if it is not there.
    func integer(_ name: String, _ range: ClosedRange<Int64>) throws(APIError) -> Int64? {
        guard has(name) else { return nil }
        let number: Int64 = try integer(name)
        guard range.contains(number) else {
            throw APIError(.badRequest, "\(place)\(name) must be \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// A time in seconds since 1970 as milliseconds; 0 if it is not there.
    func time(_ name: String) throws(APIError) -> Int64 {
        (try integer(name, 0...253_402_300_799) ?? 0) * 1_000
    }

    func texts(_ name: String) throws(APIError) -> [String] {
        try read(name, "a list of texts") { (value) throws(Wire.DecodingError) in
            var texts: [String] = []
            for element in try value.elements() { texts.append(try element.string()) }
            return texts
        } ?? []
    }

    /// The name of a channel, whatever else its namespace asks of it.
    func channel() throws(APIError) -> String {
        let channel = try required("channel")
        guard Self.isName(channel) else { throw APIError(.badRequest, "\(place)channel must be printable ASCII without spaces") }
        return channel
    }

    func channels(atMost most: Int) throws(APIError) -> [String] {
        let channels = try texts("channels")
        guard !channels.isEmpty else { throw APIError(.badRequest, "\(place)channels is missing") }
        guard channels.count <= most else { throw APIError(.badRequest, "\(place)channels must be at most \(most)") }
        guard channels.allSatisfy(Self.isName) else {
            throw APIError(.badRequest, "\(place)channels must be printable ASCII without spaces, and not empty")
        }
        return channels
    }

    private static func isName(_ channel: String) -> Bool {
        !channel.isEmpty && channel.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    func list(_ name: String) throws(APIError) -> [JSONValue] {
        try read(name, "a list") { (value) throws(Wire.DecodingError) in try value.elements() } ?? []
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
        guard let value = value(name) else { return nil }
        let object = try APIRequest(value, place: "\(place)\(name)")
        try object.check(known: known)
        return object
    }

    /// JSON as it was written but for whitespace, or the bytes of the member in base64; nil if there is neither.
    func payload(_ name: String) throws(APIError) -> [UInt8]? {
        let base64 = try text("b64\(name)")
        guard base64.isEmpty else {
            guard let bytes = Base64.decode(Array(base64.utf8), .standard) else {
                throw APIError(.badRequest, "\(place)b64\(name) is not base64")
            }
            return bytes
        }
        return value(name).map { Array($0.text.readableBytesView) }
    }

    /// The payload of a publication. Null is one.
    func data() throws(APIError) -> [UInt8] {
        if let payload = try payload("data") { return payload }
        guard let null = member("data") else { throw APIError(.badRequest, "\(place)data is missing") }
        return Array(null.text.readableBytesView)
    }

    func position(_ name: String) throws(APIError) -> StreamPosition? {
        guard let position = try object(name, known: ["offset", "epoch"]) else { return nil }
        return StreamPosition(offset: try position.integer("offset"), epoch: try position.text("epoch"))
    }
}
