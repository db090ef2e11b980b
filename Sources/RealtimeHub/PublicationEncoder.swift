import NIOCore
import PubSub
import RealtimeProtocol

/// Makes a channel's pushes for one class of subscribers.
struct PublicationEncoder {
    let key: SubscriberClassKey
    let channel: String

    /// The whole publication; nil if it can't be said in this encoding.
    ///
    /// - Parameter origin: its own channel, if it goes to subscribers of a pattern.
    func full(_ publication: Publication, in origin: String? = nil) -> ByteBuffer? {
        guard var wire = whole(publication) else { return nil }
        if let origin { wire.channel = origin }
        return encode(.publication(wire))
    }

    /// The difference to the publication before; nil if there is none, or it is no shorter.
    func delta(_ publication: Publication, from base: Publication?) -> ByteBuffer? {
        difference(publication, from: base).flatMap { encode(.publication($0)) }
    }

    /// A publication within an answer; a difference to `base` if there is one and it is shorter.
    ///
    /// - Returns: nil if it can't be said in this encoding: one would spoil the whole answer.
    func recovered(_ publication: Publication, base: Publication?) -> Wire.Publication? {
        guard var wire = difference(publication, from: base) ?? whole(publication) else { return nil }
        guard key.format == .json, !key.usesDelta else { return wire }
        guard let data = try? JSONText.compact(wire.data) else { return nil }
        wire.data = data
        return wire
    }

    private func whole(_ publication: Publication) -> Wire.Publication? {
        payload(publication.data).map { Wire.Publication(publication, payload: $0) }
    }

    private func difference(_ publication: Publication, from base: Publication?) -> Wire.Publication? {
        guard key.usesDelta, let base else { return nil }
        // A patch for JSON is text: it must not be cut within a character.
        guard let patch = Delta.make(from: base.data, to: publication.data, cuts: key.format == .json ? .characters : .bytes) else {
            return nil
        }
        guard let payload = payload(patch) else { return nil }
        var wire = Wire.Publication(publication, payload: payload)
        wire.delta = true
        return wire
    }

    /// With deltas on a JSON connection the data is always a string.
    private func payload(_ data: [UInt8]) -> ByteBuffer? {
        let bytes = ByteBuffer(bytes: data)
        return key.usesDelta && key.format == .json ? JSONText.string(bytes) : bytes
    }

    func announcement(_ event: Delivery.Event) -> ByteBuffer? {
        switch event {
        case .joined(let info): encode(.join(Wire.Join(info: Wire.ClientInfo(info))))
        case .left(let info): encode(.leave(Wire.Leave(info: Wire.ClientInfo(info))))
        case .publication: nil
        }
    }

    private func encode(_ body: Wire.Push.Body) -> ByteBuffer? {
        let push = Wire.Push(id: key.compactID, channel: key.compactID == 0 ? channel : "", body: body)
        var bytes = ByteBuffer()
        do throws(Wire.EncodingError) {
            if key.isBare {
                try Wire.write(push, as: key.format, to: &bytes)
            } else {
                try Wire.write(Wire.Reply(body: .push(push)), as: key.format, to: &bytes)
            }
            return bytes
        } catch {
            return nil
        }
    }

    /// Puts a message behind others of a batch.
    static func append(_ message: ByteBuffer, to batch: inout ByteBuffer, format: WireFormat) {
        if format == .json, batch.readableBytes > 0 { batch.writeInteger(UInt8(ascii: "\n")) }
        batch.writeImmutableBuffer(message)
    }
}
