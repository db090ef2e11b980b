import FoundationEssentials

/// How a view's state becomes bytes, if it does.
final class StateCoder<View: Sendable>: Sendable {
    let encode: @Sendable (View) throws -> [UInt8]
    let decode: @Sendable ([UInt8]) throws -> View

    private init(encode: @escaping @Sendable (View) throws -> [UInt8], decode: @escaping @Sendable ([UInt8]) throws -> View) {
        self.encode = encode
        self.decode = decode
    }

    static func codable() -> StateCoder where View: Codable {
        StateCoder(
            encode: { view in
                let encoder = JSONEncoder()
                // The same state is the same bytes.
                encoder.outputFormatting = .sortedKeys
                return Array(try encoder.encode(view))
            },
            decode: { try JSONDecoder().decode(View.self, from: Data($0)) })
    }
}
