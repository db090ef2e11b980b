import NIOCore
import RealtimeProtocol

/// Where we are in a channel's stream, and what the next delta starts from (protocol §1.7, §1.10).
struct ChannelStream: Sendable {
    let channel: String
    private(set) var position: Client.StreamPosition?
    private(set) var isRecoverable: Bool
    private var usesDelta = false
    private var base: ByteBuffer?

    init(_ channel: String, since: Client.StreamPosition? = nil) {
        self.channel = channel
        position = since
        isRecoverable = since != nil
    }

    /// Asks for what was missed, if we know since when.
    func askForMissed(_ request: inout Wire.SubscribeRequest) {
        guard isRecoverable, let position else { return }
        request.recover = true
        request.epoch = position.epoch
        request.offset = position.offset
    }

    /// What the server knows of us is no longer true.
    mutating func forget() {
        isRecoverable = false
        position = nil
        base = nil
    }

    /// The channel is followed from where the result says.
    ///
    /// - Parameter keepsPosition: what comes will not be taken: it is recovered later, from where we are.
    mutating func subscribed(_ result: Wire.SubscribeResult, keepsPosition: Bool) -> Client.Subscribed {
        let isPositioned = result.recoverable || result.positioned
        let new = isPositioned ? Client.StreamPosition(epoch: result.epoch, offset: result.offset) : nil
        if !(keepsPosition && isRecoverable && position != nil) { position = new }
        isRecoverable = result.recoverable
        usesDelta = result.delta
        return Client.Subscribed(
            channel: channel, isRecoverable: result.recoverable, isPositioned: isPositioned, position: new,
            wasRecovering: result.wasRecovering, recovered: result.recovered, data: result.data.detached)
    }

    /// What a publication says, and the base of the next one.
    ///
    /// - Throws: where a delta does not fit.
    mutating func data(of publication: Wire.Publication, format: WireFormat, limit: Int) throws(RealtimeError) -> ByteBuffer {
        guard usesDelta else { return publication.data }
        let sent = try Self.payload(publication.data, format)
        guard publication.delta else {
            base = sent.detached
            return sent
        }
        guard let base else { throw .badData("a delta without a base") }
        do throws(Delta.Failure) {
            let whole = try Delta.apply(sent, to: base, limit: limit)
            self.base = whole
            return whole
        } catch {
            throw .badData("a delta that does not fit: \(error)")
        }
    }

    /// With deltas on a JSON connection the data is always a string (protocol §1.10).
    private static func payload(_ data: ByteBuffer, _ format: WireFormat) throws(RealtimeError) -> ByteBuffer {
        guard format == .json else { return data }
        do throws(Wire.DecodingError) {
            return ByteBuffer(string: try JSONValue(data).string())
        } catch {
            throw .badData("a delta that is no string")
        }
    }

    /// Whether we were past it already.
    func hasSeen(_ publication: Wire.Publication) -> Bool {
        guard let position, publication.offset > 0 else { return false }
        return publication.offset <= position.offset
    }

    /// The publication is taken.
    mutating func advance(over publication: Wire.Publication, data: ByteBuffer) -> Client.Publication {
        if let old = position {
            position = Client.StreamPosition(
                epoch: old.epoch.isEmpty ? publication.epoch : old.epoch,
                offset: publication.offset > 0 ? publication.offset : old.offset)
        }
        return Client.Publication(publication, channel: channel, data: data, position: position)
    }
}
