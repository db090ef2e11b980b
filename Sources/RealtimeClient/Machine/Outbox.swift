import NIOCore
import RealtimeProtocol

/// Commands that wait to be written, in as few frames as they fit in: those of one turn leave together.
struct Outbox: Sendable {
    /// Commands are joined up to this; a longer one is a frame by itself. Servers refuse more than 64 KiB.
    static let frameSize = 16 << 10

    let format: WireFormat
    let maxCommandSize: Int
    private var frames: [ByteBuffer] = []
    private(set) var bytes = 0

    init(format: WireFormat, maxCommandSize: Int) {
        self.format = format
        self.maxCommandSize = maxCommandSize
    }

    var isEmpty: Bool { frames.isEmpty }

    /// - Throws: for what is no JSON where it must be, or is longer than servers take.
    mutating func write(_ command: Wire.Command) throws(RealtimeError) {
        var encoded = ByteBuffer()
        do throws(Wire.EncodingError) {
            try Wire.write(command, as: format, to: &encoded)
        } catch {
            throw .badData("\(error)")
        }
        guard encoded.readableBytes <= maxCommandSize else {
            throw .badData("a command of \(encoded.readableBytes) bytes, \(maxCommandSize) are allowed")
        }
        bytes += encoded.readableBytes
        let last = frames.count - 1
        guard last >= 0, frames[last].readableBytes + encoded.readableBytes < Self.frameSize else { return frames.append(encoded) }
        // In JSON a newline stands between two messages; in Protobuf each has its length before it.
        if format == .json { frames[last].writeInteger(UInt8(ascii: "\n")) }
        frames[last].writeImmutableBuffer(encoded)
    }

    mutating func takeFrames() -> [ByteBuffer] {
        defer {
            frames = []
            bytes = 0
        }
        return frames
    }
}
