import NIOCore
import Synchronization
import WebSocketNIO

/// Cuts the standard input of a script into messages, one a line.
final class LineBuffer: Sendable {
    private let pending = Mutex<[UInt8]>([])

    /// The lines that end in these bytes.
    func append(_ bytes: [UInt8]) -> [WebSocketMessage] {
        self.pending.withLock { pending in
            pending += bytes
            guard let end = pending.lastIndex(of: UInt8(ascii: "\n")) else { return [] }
            let lines = pending[..<end].split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let messages = lines.map(Self.message)
            pending = Array(pending[(end + 1)...])
            return messages
        }
    }

    /// The last line, if it does not end with a line break.
    func finish() -> WebSocketMessage? {
        self.pending.withLock { pending in
            defer { pending = [] }
            return pending.isEmpty ? nil : Self.message(pending[...])
        }
    }

    /// A text, or a binary message when the line is not UTF-8: it must not be changed.
    private static func message(_ line: ArraySlice<UInt8>) -> WebSocketMessage {
        if let text = String(validating: line, as: UTF8.self) { return .text(text) }
        return .binary(ByteBuffer(bytes: line))
    }
}
