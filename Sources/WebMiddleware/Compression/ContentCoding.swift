/// How a body is compressed (RFC 9110 §8.4.1).
package enum ContentCoding: String, CaseIterable, Sendable {
    case gzip
    /// The zlib format (§8.4.1.2), whatever its name says.
    case deflate

    /// - Parameter name: as it stands in a header; `x-gzip` is the same as `gzip` (§8.4.1.3).
    init?(name: String) {
        self.init(rawValue: name == "x-gzip" ? "gzip" : name)
    }

    /// zlib's way to say which header there is.
    var windowBits: CInt { self == .gzip ? 15 + 16 : 15 }

    /// What a client likes most (§12.5.3), gzip where it does not care; nil: uncompressed.
    static func preferred(_ acceptEncoding: [String]) -> ContentCoding? {
        var weights: [String: Int] = [:]
        for element in WeightedList(acceptEncoding).elements { weights[element.value] = element.weight }
        if let other = weights.removeValue(forKey: "x-gzip"), weights["gzip"] == nil { weights["gzip"] = other }
        let others = weights["*"]
        var best: (coding: ContentCoding?, weight: Int) = (nil, 0)
        for coding in allCases {
            let weight = weights[coding.rawValue] ?? others ?? 0
            if weight > best.weight { best = (coding, weight) }
        }
        guard let identity = weights["identity"], identity > best.weight else { return best.coding }
        return nil
    }
}
