import NIOCore
import RealtimeProtocol

extension PublicationDataFormat {
    /// Whether a payload is what the channel's publications must be.
    func permits(_ payload: ByteBuffer) -> Bool {
        switch self {
        case .unchecked, .binary: true
        case .json: (try? JSONText.compact(payload)) != nil
        case .jsonObject: (try? JSONText.compact(payload))?.readableBytesView.first == UInt8(ascii: "{")
        }
    }
}
