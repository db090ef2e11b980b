import NIOCore
import WebSocketNIO

/// How a received message is shown.
struct MessageFormatter {
    enum Layout: String, CaseIterable, Sendable {
        /// Laid out for people on a terminal, as it came for programs.
        case auto
        /// Text as it came; bytes as they came.
        case raw
        /// Laid out in any case.
        case pretty
    }

    let isPretty: Bool
    let isColored: Bool
    /// Whether control characters of others are made visible: on a terminal.
    let isEscaped: Bool

    init(layout: Layout, isTerminal: Bool, isColored: Bool) {
        self.isPretty = layout == .pretty || layout == .auto && isTerminal
        self.isColored = isColored
        self.isEscaped = isTerminal || layout == .pretty
    }

    /// The bytes to print, a line break at the end included.
    func output(_ message: WebSocketMessage) -> [UInt8] {
        switch message {
        case .text(let text): return Array((self.text(text) + "\n").utf8)
        case .binary(let bytes):
            guard self.isPretty || self.isEscaped else { return Array(bytes.readableBytesView) }
            return Array((self.binary(bytes) + "\n").utf8)
        }
    }

    private func text(_ text: String) -> String {
        guard self.isPretty else { return self.isEscaped ? TerminalText.escaped(text) : text }
        return JSONPrettyPrinter.format(text.utf8, isColored: self.isColored) ?? TerminalText.escaped(text)
    }

    private func binary(_ bytes: ByteBuffer) -> String {
        let count = bytes.readableBytes
        let title = Style.faint("binary, \(count) byte\(count == 1 ? "" : "s")", isOn: self.isColored)
        return ([title] + HexDump.lines(bytes.readableBytesView)).joined(separator: "\n")
    }
}
