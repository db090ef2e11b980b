// The header of the PROXY protocol, by which a proxy that looks at no requests says whose connection it hands on:
// https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt, section 2.

package import NIOCore

/// The header of a connection.
package enum ProxyHeader: Hashable, Sendable {
    /// The connection is this client's.
    case client(IPAddress)
    /// It is the proxy's own, such as to see whether the server is there; or the proxy does not know.
    case local

    /// What bytes are.
    package enum Reading: Hashable, Sendable {
        /// A header may begin like this.
        case incomplete
        /// So many bytes are a header.
        case complete(ProxyHeader, count: Int)
        /// No header begins like this; why.
        case invalid(String)
    }

    /// The longest header that is read. Addresses take 216 bytes at most; the rest of a header of version 2 says things about them (its TLVs), such as
    /// what is in the client's certificate.
    package static let maxBytes = 4_096

    private static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    private static let text = Array("PROXY ".utf8)

    /// Reads the beginning of a connection.
    package static func read(_ bytes: ByteBufferView) -> Reading {
        guard let first = bytes.first else { return .incomplete }
        let expected = first == signature[0] ? signature : text
        guard bytes.prefix(expected.count).elementsEqual(expected.prefix(bytes.count)) else {
            return .invalid("it does not begin with a PROXY header")
        }
        guard bytes.count >= expected.count else { return .incomplete }
        return first == signature[0] ? binary(bytes) : line(bytes)
    }

    // MARK: Version 1

    /// "\r\n" included (section 2.1).
    private static let maxLineBytes = 107

    private static func line(_ bytes: ByteBufferView) -> Reading {
        let line = bytes.prefix(maxLineBytes)
        guard let end = line.firstIndex(of: UInt8(ascii: "\n")) else {
            return bytes.count < maxLineBytes ? .incomplete : .invalid("version 1: the line is too long")
        }
        let content = line[..<end]
        guard content.last == UInt8(ascii: "\r"), content.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x0D }) else {
            return .invalid("version 1: the line has what does not belong there")
        }
        let words = String(decoding: content.dropLast().dropFirst(text.count), as: UTF8.self)
            .split(separator: " ", omittingEmptySubsequences: false)
        let count = content.count + 1
        if words.first == "UNKNOWN" { return .complete(.local, count: count) }
        guard words.count == 5, isPort(words[3]), isPort(words[4]), let source = IPAddress(words[1]), IPAddress(words[2]) != nil else {
            return .invalid("version 1: it must be two addresses and two ports")
        }
        switch words[0] {
        case "TCP4" where !words[1].contains(":") && !words[2].contains(":"): return .complete(.client(source), count: count)
        case "TCP6" where words[1].contains(":") && words[2].contains(":"): return .complete(.client(source), count: count)
        case "TCP4", "TCP6": return .invalid("version 1: the addresses are not of that family")
        default: return .invalid("version 1: the family is not known")
        }
    }

    private static func isPort(_ word: Substring) -> Bool {
        (1...5).contains(word.utf8.count) && word.utf8.allSatisfy { (0x30...0x39).contains($0) } && UInt16(word) != nil
            && (word == "0" || !word.hasPrefix("0"))
    }

    // MARK: Version 2

    private static func binary(_ bytes: ByteBufferView) -> Reading {
        let rest = bytes.dropFirst(signature.count)
        guard let versionAndCommand = rest.first else { return .incomplete }
        guard versionAndCommand >> 4 == 2, versionAndCommand & 0xF <= 1 else { return .invalid("version 2: another version or command") }
        guard rest.count >= 4 else { return .incomplete }
        let fields = Array(rest.prefix(4))
        let length = Int(fields[2]) << 8 | Int(fields[3])
        let count = signature.count + 4 + length
        guard count <= maxBytes else { return .invalid("version 2: the header is too long") }
        guard let size = addressSize(fields[1]) else { return .invalid("version 2: another family or transport") }
        guard length >= size else { return .invalid("version 2: the addresses are not whole") }
        guard bytes.count >= count else { return .incomplete }
        // A command of 0 is a connection of the proxy's own, whatever the addresses say.
        guard versionAndCommand & 0xF == 1, let addressBytes = sourceSize(fields[1]) else { return .complete(.local, count: count) }
        guard let source = IPAddress(bytes: rest.dropFirst(4).prefix(addressBytes)) else { return .invalid("version 2: no address") }
        return .complete(.client(source), count: count)
    }

    /// The bytes of both addresses and ports. Nil: no family and transport of a connection like ours.
    private static func addressSize(_ familyAndTransport: UInt8) -> Int? {
        switch familyAndTransport {
        case 0x00: 0
        case 0x11: 12
        case 0x21: 36
        case 0x31: 216
        default: nil
        }
    }

    private static func sourceSize(_ familyAndTransport: UInt8) -> Int? {
        switch familyAndTransport {
        case 0x11: 4
        case 0x21: 16
        default: nil
        }
    }
}
