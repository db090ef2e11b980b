/// How a stream of bytes is cut into reads. TCP keeps no boundaries, so what a machine does must be the same for all of them.
public enum Splitting: Hashable, Sendable {
    /// All that was sent, glued together.
    case whole
    case everyByte
    /// The first so many bytes, then the rest.
    case at(Int)
    /// Reads of so many bytes.
    case every(Int)
    /// Reads of random lengths between 1 and `upTo`.
    case random(seed: UInt64, upTo: Int)

    /// The bytes in pieces; their concatenation is the bytes.
    public func pieces(of bytes: [UInt8]) -> [[UInt8]] {
        switch self {
        case .whole: return bytes.isEmpty ? [] : [bytes]
        case .everyByte: return bytes.map { [$0] }
        case .at(let index): return [Array(bytes.prefix(max(0, index))), Array(bytes.dropFirst(max(0, index)))].filter { !$0.isEmpty }
        case .every(let count): return Self.cut(bytes) { max(1, count) }
        case .random(let seed, let most):
            var random = SeededRandom(seed: seed)
            return Self.cut(bytes) { Int.random(in: 1...max(1, most), using: &random) }
        }
    }

    private static func cut(_ bytes: [UInt8], _ next: () -> Int) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(next())
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }
}
