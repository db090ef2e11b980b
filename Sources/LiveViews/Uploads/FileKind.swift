/// A kind of file that an upload takes.
///
/// The kinds here have marks in their first bytes, and a file without them is refused, whatever its name says. That is no proof that the rest of it is what it should be: what opens a file must expect anything. One that
/// is made by ``init(_:extensions:)`` has none: of such a file nothing is known but what its sender says.
public struct FileKind: Sendable, Hashable {
    /// Bytes at a place, one beside the other: all of them must be there.
    private typealias Marks = [Mark]
    private struct Mark: Hashable {
        var offset = 0
        let bytes: [UInt8]
    }

    /// As the first bytes that are looked at are.
    static let headLength = 16

    /// The media type: `image/png`.
    public let type: String
    /// The endings of names, in lower case and without a dot.
    public let extensions: [String]
    /// Each by itself is enough. None: nothing is known of the content.
    private var marks: [Marks] = []

    /// A kind whose content is not looked at.
    ///
    /// - Parameters:
    ///   - type: the media type.
    ///   - extensions: the endings of names, without a dot.
    public init(_ type: String, extensions: [String]) {
        self.type = type
        self.extensions = extensions.map { $0.lowercased() }
    }

    private init(_ type: String, _ extensions: [String], _ marks: [Marks]) {
        self.init(type, extensions: extensions)
        self.marks = marks
    }

    private static func mark(_ text: String, at offset: Int = 0) -> Mark { Mark(offset: offset, bytes: Array(text.utf8)) }

    public static let png = FileKind("image/png", ["png"], [[Mark(bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])]])
    public static let jpeg = FileKind("image/jpeg", ["jpg", "jpeg"], [[Mark(bytes: [0xff, 0xd8, 0xff])]])
    public static let gif = FileKind("image/gif", ["gif"], [[mark("GIF87a")], [mark("GIF89a")]])
    public static let webp = FileKind("image/webp", ["webp"], [[mark("RIFF"), mark("WEBP", at: 8)]])
    public static let avif = FileKind("image/avif", ["avif"], [[mark("ftypavif", at: 4)], [mark("ftypavis", at: 4)]])
    public static let pdf = FileKind("application/pdf", ["pdf"], [[mark("%PDF-")]])
    public static let zip = FileKind("application/zip", ["zip"], [[mark("PK\u{3}\u{4}")], [mark("PK\u{5}\u{6}")]])
    public static let mp4 = FileKind("video/mp4", ["mp4", "m4v"], [[mark("ftyp", at: 4)]])
    public static let mp3 = FileKind(
        "audio/mpeg", ["mp3"], [[mark("ID3")], [Mark(bytes: [0xff, 0xfb])], [Mark(bytes: [0xff, 0xf3])], [Mark(bytes: [0xff, 0xf2])]])
    /// A text, of which nothing is verified.
    public static let text = FileKind("text/plain", extensions: ["txt"])
    /// A table, of which nothing is verified.
    public static let csv = FileKind("text/csv", extensions: ["csv"])

    /// Pictures that browsers show. SVG is none of them: it can have scripts in it.
    public static let images: [FileKind] = [.png, .jpeg, .gif, .webp, .avif]

    /// Whether the first bytes of a file show that it is none of this kind.
    public var isVerifiable: Bool { !marks.isEmpty }

    /// Whether these are the first bytes of a file of this kind. Of a kind that is not verifiable, anything is.
    func matches(head: [UInt8]) -> Bool {
        marks.isEmpty || marks.contains { $0.allSatisfy { head.dropFirst($0.offset).starts(with: $0.bytes) } }
    }

    /// Whether a file with this name can be of this kind; one without an ending is what the browser says.
    func matches(name: String, type claimed: String) -> Bool {
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return claimed == type }
        return extensions.contains(name[name.index(after: dot)...].lowercased())
    }
}

/// By its type: the marks of the kinds that are here are not written down.
extension FileKind: Codable {
    private static let known: [FileKind] = images + [.pdf, .zip, .mp4, .mp3, .text, .csv]

    private enum CodingKeys: CodingKey {
        case type, extensions
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let type = try container.decode(String.self, forKey: .type)
        if let extensions = try container.decodeIfPresent([String].self, forKey: .extensions) {
            self.init(type, extensions: extensions)
        } else if let known = Self.known.first(where: { $0.type == type }) {
            self = known
        } else {
            throw DecodingError.dataCorruptedError(forKey: .type, in: container, debugDescription: "no kind of this name")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(type, forKey: .type)
        if !Self.known.contains(self) { try container.encode(extensions, forKey: .extensions) }
    }
}
