package import NIOCore
package import RealtimeProtocol

/// What a browser says (live protocol §5, §8, §9, §11).
package enum ClientMessage: Sendable {
    case join(seal: String, hash: String, fingerprints: Set<String>)
    case event(ref: Int, view: Int, String, JSONValue?)
    case full(view: Int)
    case navigated(ref: Int, url: String)
    case offer(ref: Int, view: Int, String, [OfferedFile])
    case cancelled(id: Int)

    /// What is wrong with a message.
    package enum Fault: Error, Hashable, Sendable {
        /// No JSON, or nested too deep.
        case notJSON
        /// No message of the protocol.
        case unknown
        /// A value is missing, or is not what it must be.
        case badValue
    }

    /// A page cannot have more.
    private static let maxFingerprints = 4_096

    package init(_ text: ByteBuffer) throws(Fault) {
        guard let json = try? JSONValue(text) else { throw .notJSON }
        guard let values = try? json.elements(), let first = values.first else { throw .unknown }
        if let ref: Int = try? first.integer() {
            self = try Self.event(ref, values)
            return
        }
        guard let kind = try? first.string() else { throw .unknown }
        switch kind {
        case "join": self = try Self.join(values)
        case "full":
            guard values.count == 2, let view: Int = try? values[1].integer(), view >= 0 else { throw .badValue }
            self = .full(view: view)
        case "nav":
            guard values.count == 3, let ref: Int = try? values[1].integer(), let url = try? values[2].string() else { throw .badValue }
            self = .navigated(ref: ref, url: url)
        case "up": self = try Self.offer(values)
        case "ux":
            guard values.count == 2, let id: Int = try? values[1].integer() else { throw .badValue }
            self = .cancelled(id: id)
        default: throw .unknown
        }
    }

    private static func event(_ ref: Int, _ values: [JSONValue]) throws(Fault) -> ClientMessage {
        guard (3...4).contains(values.count), ref > 0, let view: Int = try? values[1].integer(), view >= 0,
            let event = try? values[2].string()
        else { throw .badValue }
        return .event(ref: ref, view: view, event, values.count == 4 ? values[3] : nil)
    }

    private static func offer(_ values: [JSONValue]) throws(Fault) -> ClientMessage {
        guard values.count == 5, let ref: Int = try? values[1].integer(), ref > 0, let view: Int = try? values[2].integer(), view >= 0,
            let name = try? values[3].string(), let files = try? values[4].elements(), files.count <= LiveUpload.maxOffer
        else { throw .badValue }
        var offered: [OfferedFile] = []
        for file in files {
            guard let parts = try? file.elements(), parts.count == 3, let name = try? parts[0].string(), let type = try? parts[1].string(),
                let size: Int = try? parts[2].integer(), size >= 0
            else { throw .badValue }
            offered.append(OfferedFile(name: name, type: type, size: size))
        }
        return .offer(ref: ref, view: view, name, offered)
    }

    private static func join(_ values: [JSONValue]) throws(Fault) -> ClientMessage {
        guard values.count == 4, let seal = try? values[1].string(), let hash = try? values[2].string(),
            let fingerprints = try? values[3].elements(), fingerprints.count <= maxFingerprints
        else { throw .badValue }
        var known: Set<String> = []
        for fingerprint in fingerprints {
            guard let fingerprint = try? fingerprint.string() else { throw .badValue }
            known.insert(fingerprint)
        }
        return .join(seal: seal, hash: hash, fingerprints: known)
    }
}
