import FoundationEssentials
import NIOCore
import RealtimeProtocol

/// A message as the server sent it (Docs/live-protocol.md).
public struct ServerMessage: Hashable, Sendable {
    /// What sort of message it is.
    public enum Kind: Hashable, Sendable {
        case templates, bind, tree, patch, acknowledgement, refusal, seal, push, address, go, title, flash, focus, reset, away, reload
        /// Of files: which may come, what was taken, what is over.
        case offered, taken, ended
        /// None that a browser would know.
        case unknown
    }

    public let kind: Kind
    /// What is in the frame.
    public let bytes: [UInt8]
    public let isBinary: Bool
    let values: [JSONValue]

    /// The message as text; of a binary one nothing.
    public var text: String { isBinary ? "" : String(decoding: bytes, as: UTF8.self) }

    package init(_ bytes: [UInt8], isBinary: Bool) {
        self.bytes = bytes
        self.isBinary = isBinary
        guard !isBinary else {
            values = []
            kind = bytes.first == 2 ? .tree : .patch
            return
        }
        let json = try? JSONValue(ByteBuffer(bytes: bytes), maxDepth: 1_024)
        values = (try? json?.elements()) ?? []
        kind = Self.kind(json, values)
    }

    private static func kind(_ json: JSONValue?, _ values: [JSONValue]) -> Kind {
        guard let json else { return .unknown }
        guard json.isArray else { return (try? json.integer(Int.self)) == nil ? .unknown : .acknowledgement }
        guard let name = try? values.first?.string() else {
            return (try? values.first?.integer(Int.self)) == nil ? .unknown : .patch
        }
        return kinds[name] ?? .unknown
    }

    private static let kinds: [String: Kind] = [
        "t": .templates, "b": .bind, "j": .tree, "p": .patch, "err": .refusal, "s": .seal, "e": .push, "u": .address, "go": .go,
        "title": .title, "flash": .flash, "focus": .focus, "reset": .reset, "away": .away, "reload": .reload, "up": .offered, "ua": .taken,
        "ux": .ended,
    ]

    /// A text in it.
    func string(_ index: Int) -> String? {
        guard values.indices.contains(index) else { return nil }
        return try? values[index].string()
    }

    func integer(_ index: Int) -> Int? {
        guard values.indices.contains(index) else { return nil }
        return try? values[index].integer()
    }

    /// Of an offer's files: its number, or why it is refused.
    var answers: [(id: Int?, refusal: String?)]? {
        guard values.count == 3, let answers = try? values[2].elements() else { return nil }
        return answers.map { (try? $0.integer(), try? $0.string()) }
    }

    /// Which view it is about: the page's own is 0.
    public var view: Int {
        guard !isBinary else { return Self.varint(bytes.dropFirst()) }
        guard [.templates, .bind, .tree].contains(kind) || string(0) == "p" else { return 0 }
        return integer(1) ?? 0
    }

    private static func varint(_ bytes: ArraySlice<UInt8>) -> Int {
        var value = 0
        for (place, byte) in bytes.prefix(9).enumerated() {
            value |= Int(byte & 0x7f) << (7 * place)
            if byte & 0x80 == 0 { break }
        }
        return value
    }

    /// The number of the last event that it acknowledges.
    var acknowledged: Int? { kind == .acknowledgement ? Int(text) : nil }

    public static func == (left: Self, right: Self) -> Bool { left.bytes == right.bytes && left.isBinary == right.isBinary }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(bytes)
        hasher.combine(isBinary)
    }
}

/// What a view sent to the page's own JavaScript.
public struct PushedEvent: Hashable, Sendable {
    public let name: String
    /// Its value in JSON.
    public let json: String

    /// The value as one of the application's.
    public func value<Value: Decodable>(as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(json.utf8))
    }
}

/// A message for the user.
public struct Flash: Hashable, Sendable {
    /// `info`, `success`, `warning`, `error`.
    public let kind: String
    /// Empty: what was shown is taken away.
    public let text: String
}
