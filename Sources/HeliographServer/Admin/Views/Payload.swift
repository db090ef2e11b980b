import LiveHTML
import NIOCore
import PubSub
import RealtimeProtocol

/// Payloads as the pages show them.
enum Payload {
    static let example = #"{"text": "Hello"}"#
    private static let maxShown = 2_000
    static let maxPublished = 32 << 10

    /// Text as it is, but for what is too long; of other bytes how many there are.
    static func text(_ bytes: [UInt8]) -> String {
        guard bytes.count > maxShown else { return String(validating: bytes, as: UTF8.self) ?? "\(Figures.bytes(bytes.count)), binary" }
        guard String(validating: bytes, as: UTF8.self) != nil else { return "\(Figures.bytes(bytes.count)), binary" }
        return "\(String(decoding: bytes.prefix(maxShown), as: UTF8.self))… (\(Figures.bytes(bytes.count)))"
    }

    /// Why it can't be published; nil: it can.
    static func problem(of text: String) -> String? {
        guard text.utf8.count <= maxPublished else { return "That is longer than \(Figures.bytes(maxPublished))." }
        guard (try? JSONText.compact(ByteBuffer(string: text), maxDepth: 64)) != nil else { return "That is no JSON. Try \(example)" }
        return nil
    }
}

/// A publication in a list.
struct PublicationRow: Identifiable, Sendable {
    let publication: Publication
    private let text: String

    var id: UInt64 { publication.offset }

    init(_ publication: Publication) {
        self.publication = publication
        text = Payload.text(publication.data)
    }

    static func body(_ row: PublicationRow) -> HTML {
        let publication = row.publication
        let time = publication.time > 0 ? Figures.time(publication.time) : ""
        let tags = publication.tags.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
        return """
            <li><span class="n">\(publication.offset)</span> <span class="who">\(publication.info?.user ?? "") \(time) \(tags)</span> <code>\(row.text)</code></li>
            """
    }
}
