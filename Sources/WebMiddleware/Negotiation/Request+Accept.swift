import HTTPTypes
public import Hummingbird

extension Request {
    /// Which of the media types that there are the client would like most (RFC 9110 §12.5.1); nil if it takes none of them.
    ///
    /// The most specific range that fits a type says how much it is wanted. Of types that are wanted equally, and without an `Accept` header, it is
    /// the first.
    ///
    /// - Parameter offers: what there is, the most preferred first.
    public func preferredMediaType(among offers: [MediaType]) -> MediaType? {
        let fields = headers[values: .accept]
        guard fields.contains(where: { !$0.isEmpty }) else { return offers.first }
        let ranges = WeightedList(fields)
        var best: (offer: MediaType, weight: Int)?
        for offer in offers {
            let weight = ranges.weight(of: offer)
            if weight > best?.weight ?? 0 { best = (offer, weight) }
        }
        return best?.offer
    }
}

extension WeightedList {
    /// 0: it is not acceptable.
    func weight(of offer: MediaType) -> Int {
        let type = offer.type.rawValue.lowercased()
        let names = ["*/*", "\(type)/*", "\(type)/\(offer.subType.lowercased())"]
        var best = (specificity: -1, weight: 0)
        for element in elements {
            guard let place = names.firstIndex(of: element.value) else { continue }
            guard element.parameters.isEmpty || element.parameters == Self.parameters(of: offer) else { continue }
            let specificity = place * 2 + (element.parameters.isEmpty ? 0 : 1)
            if specificity > best.specificity { best = (specificity, element.weight) }
        }
        return best.weight
    }

    private static func parameters(of offer: MediaType) -> [String: String] {
        offer.parameter.map { [$0.name.lowercased(): $0.value.lowercased()] } ?? [:]
    }
}
