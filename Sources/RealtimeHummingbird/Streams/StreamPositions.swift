// Strategy: a plain EventSource remembers one thing for us, the id of the last event, and sends it back when it reconnects. So an event after which
// the client's positions are others than before has all of them as its id:
//
//     p1,OFFSET.EPOCH.CHANNEL,OFFSET.EPOCH.CHANNEL
//
// with the offsets in base 36, and what would be taken for punctuation in percent form. It is not signed: who writes one asks for no more than
// who names a position in the connect request, and the same rules decide on it.

import NIOCore
import RealtimeProtocol

/// What a client of `uni_sse` has of each channel.
struct StreamPositions {
    /// What a push means for the positions.
    enum Change {
        case connected([String: Wire.SubscribeResult])
        case subscribed(String, epoch: String, offset: UInt64)
        case unsubscribed(String)
        case published(String, epoch: String, offset: UInt64)

        /// Nil if it means nothing for them.
        init?(_ push: Wire.Push) {
            switch push.body {
            case .connect(let connect): self = .connected(connect.subs)
            case .subscribe(let subscribe) where subscribe.recoverable:
                self = .subscribed(push.channel, epoch: subscribe.epoch, offset: subscribe.offset)
            case .unsubscribe: self = .unsubscribed(push.channel)
            case .publication(let publication) where publication.offset > 0:
                self = .published(push.channel, epoch: publication.epoch, offset: publication.offset)
            default: return nil
            }
        }
    }

    private struct Entry {
        let channel: String
        var epoch: String
        var offset: UInt64
        /// All of it but the offset.
        let text: String

        init(channel: String, epoch: String, offset: UInt64) {
            self.channel = channel
            self.epoch = epoch
            self.offset = offset
            text = "." + escaped(epoch) + "." + escaped(channel)
        }
    }

    private static let version = "p1"

    private let maxBytes: Int
    private var entries: [Entry] = []
    private var indices: [String: Int] = [:]

    init(maxBytes: Int) {
        self.maxBytes = maxBytes
    }

    // MARK: Following

    mutating func apply(_ change: Change) {
        switch change {
        case .connected(let subscriptions):
            for (channel, result) in subscriptions.sorted(by: { $0.key < $1.key }) where result.recoverable {
                set(channel, epoch: result.epoch, offset: result.publications.last?.offset ?? result.offset)
            }
        case .subscribed(let channel, let epoch, let offset): set(channel, epoch: epoch, offset: offset)
        case .unsubscribed(let channel): remove(channel)
        case .published(let channel, let epoch, let offset):
            guard let index = indices[channel] else { return }
            entries[index].offset = offset
            if !epoch.isEmpty, epoch != entries[index].epoch { set(channel, epoch: epoch, offset: offset) }
        }
    }

    private mutating func set(_ channel: String, epoch: String, offset: UInt64) {
        let entry = Entry(channel: channel, epoch: epoch, offset: offset)
        if let index = indices[channel] {
            entries[index] = entry
        } else {
            indices[channel] = entries.count
            entries.append(entry)
        }
    }

    private mutating func remove(_ channel: String) {
        guard let index = indices.removeValue(forKey: channel), let last = entries.popLast() else { return }
        guard index < entries.count else { return }
        entries[index] = last
        indices[last.channel] = index
    }

    // MARK: Writing

    /// The line of an event that has the id. Channels that have no room are left out: their subscribers are told that they missed something.
    func writeID(to bytes: inout ByteBuffer) {
        bytes.writeStaticString("id: ")
        bytes.writeString(Self.version)
        var left = maxBytes - Self.version.utf8.count
        for entry in entries {
            let offset = String(entry.offset, radix: 36)
            let length = 1 + offset.utf8.count + entry.text.utf8.count
            guard length <= left else { continue }
            left -= length
            bytes.writeInteger(UInt8(ascii: ","))
            bytes.writeString(offset)
            bytes.writeString(entry.text)
        }
        bytes.writeInteger(UInt8(ascii: "\n"))
    }

    // MARK: Reading

    /// The positions that an id names. Whatever it cannot be read as is not among them, and of something else there are none.
    static func read(_ id: String) -> [String: Wire.SubscribeRequest] {
        let parts = id.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
        guard let first = parts.first, first.elementsEqual(version.utf8) else { return [:] }
        var positions: [String: Wire.SubscribeRequest] = [:]
        for part in parts.dropFirst() {
            let fields = part.split(separator: UInt8(ascii: "."), maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3, let offset = UInt64(Substring(fields[0]), radix: 36) else { continue }
            guard let epoch = unescaped(fields[1]), let channel = unescaped(fields[2]), !channel.isEmpty, !epoch.isEmpty else { continue }
            positions[channel] = Wire.SubscribeRequest(recover: true, epoch: epoch, offset: offset)
        }
        return positions
    }
}

private func escaped(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
        switch byte {
        case UInt8(ascii: "%"), UInt8(ascii: ","), UInt8(ascii: "."), ...0x20, 0x7F...:
            escaped += byte < 16 ? "%0" : "%"
            escaped += String(byte, radix: 16)
        default:
            escaped.unicodeScalars.append(Unicode.Scalar(byte))
        }
    }
    return escaped
}

private func unescaped(_ text: Substring.UTF8View) -> String? {
    var bytes: [UInt8] = []
    var rest = text[...]
    while let byte = rest.popFirst() {
        guard byte == UInt8(ascii: "%") else {
            bytes.append(byte)
            continue
        }
        guard let high = rest.popFirst().flatMap(hexadecimal), let low = rest.popFirst().flatMap(hexadecimal) else { return nil }
        bytes.append(high << 4 | low)
    }
    return String(validating: bytes, as: UTF8.self)
}
