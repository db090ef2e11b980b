import NIOHTTP1
import RealtimeHub

extension HookEndpoint {
    /// The fields of a question to the backend: what is said always, over it what the client put into its command, over it what its request had. So
    /// what a proxy in front vouches for is never what the client says.
    func fields(_ context: ClientContext) -> HTTPHeaders {
        var fields = HTTPHeaders()
        for (name, value) in staticFields { fields.replaceOrAdd(name: name, value: value) }
        for (name, value) in context.headers where emulatedFields.contains(name.lowercased()) && Self.isField(name, value) {
            fields.replaceOrAdd(name: name, value: value)
        }
        for name in requestFields {
            let values = context.requestFields.filter { $0.name == name && Self.isField(name, $0.value) }
            guard !values.isEmpty else { continue }
            fields.remove(name: name)
            for field in values { fields.add(name: field.name, value: field.value) }
        }
        for name in Self.ours { fields.remove(name: name) }
        fields.add(name: "content-type", value: "application/json")
        fields.add(name: "accept", value: "application/json")
        return fields
    }

    /// What says how this request is framed, or where it goes, is our own word.
    private static let ours = [
        "content-type", "accept", "content-length", "transfer-encoding", "connection", "host", "upgrade", "expect", "te", "trailer",
        "keep-alive", "proxy-connection", "content-encoding", "accept-encoding",
    ]

    /// Whether this can be a field: a name and a value that end no line (CVE-2026-28970), and are no longer than fields are.
    public static func isField(_ name: String, _ value: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 256 && value.utf8.count <= 8_192 && name.utf8.allSatisfy(isTokenByte)
            && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }

    /// RFC 9110 §5.6.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
