/// Bytes for people: offset, sixteen bytes, and what is readable of them.
enum HexDump {
    private static let digits = Array("0123456789abcdef")
    static let maxBytes = 4_096

    /// One line for each 16 bytes, as of `hexdump -C`; of a long message the first ``maxBytes``.
    static func lines(_ bytes: some Collection<UInt8>) -> [String] {
        var lines: [String] = []
        var offset = 0
        var rest = Array(bytes.prefix(Self.maxBytes))[...]
        while !rest.isEmpty {
            lines.append(self.line(rest.prefix(16), offset: offset))
            rest = rest.dropFirst(16)
            offset += 16
        }
        if bytes.count > Self.maxBytes { lines.append("… and \(bytes.count - Self.maxBytes) bytes more") }
        return lines
    }

    private static func line(_ bytes: ArraySlice<UInt8>, offset: Int) -> String {
        var hex = ""
        for (index, byte) in bytes.enumerated() { hex += (index == 8 ? "  " : " ") + self.hex(byte) }
        let readable = String(bytes.map { (0x20..<0x7F).contains($0) ? Character(Unicode.Scalar($0)) : "." })
        let number = String(offset, radix: 16)
        let padded = String(repeating: "0", count: max(8 - number.count, 0)) + number
        return padded + " " + hex + String(repeating: " ", count: max(49 - hex.count, 0)) + "  |\(readable)|"
    }

    private static func hex(_ byte: UInt8) -> String {
        String([self.digits[Int(byte >> 4)], self.digits[Int(byte & 0x0F)]])
    }
}
