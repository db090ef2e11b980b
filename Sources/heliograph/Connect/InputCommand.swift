import NIOCore
import WebSocketProtocol

/// What a typed line means. A line that begins with `/` is a command; `//` sends a text that begins with `/`.
enum InputCommand: Equatable {
    case text(String)
    case binary(ByteBuffer)
    case ping
    case close(CloseCode, String)
    case help
    case mistake(String)

    static let helpText = """
        /ping               measure a round trip
        /binary 68 69 0a    send bytes, in hexadecimal
        /close [CODE TEXT]  close the connection (1000 unless given) and leave
        /help               this
        //text              send a text that begins with /
        """

    init(_ line: String) {
        guard line.hasPrefix("/") else {
            self = .text(line)
            return
        }
        guard !line.hasPrefix("//") else {
            self = .text(String(line.dropFirst()))
            return
        }
        let words = line.dropFirst().split(separator: " ", maxSplits: 1)
        let rest = words.count > 1 ? words[1] : ""
        switch words.first {
        case "ping": self = .ping
        case "help": self = .help
        case "binary":
            self = Self.bytes(rest).map { .binary(ByteBuffer(bytes: $0)) } ?? .mistake("/binary wants pairs of hexadecimal digits")
        case "close", "quit", "exit": self = Self.close(rest)
        default: self = .mistake("there is no /\(words.first ?? ""); /help lists what there is")
        }
    }

    private static func close(_ rest: Substring) -> InputCommand {
        let words = rest.split(separator: " ", maxSplits: 1)
        guard let first = words.first else { return .close(.normalClosure, "") }
        guard let number = UInt16(first), CloseCode(rawValue: number).isSendable else {
            return .mistake("a close code is 1000-1003, 1007-1014 or 3000-4999")
        }
        return .close(CloseCode(rawValue: number), words.count > 1 ? String(words[1]) : "")
    }

    private static func bytes(_ text: Substring) -> [UInt8]? {
        let digits = text.filter { !$0.isWhitespace }
        guard digits.count % 2 == 0, digits.allSatisfy({ $0.isASCII && $0.isHexDigit }) else { return nil }
        var bytes: [UInt8] = []
        var rest = digits[...]
        while !rest.isEmpty {
            guard let byte = UInt8(rest.prefix(2), radix: 16) else { return nil }
            bytes.append(byte)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}
