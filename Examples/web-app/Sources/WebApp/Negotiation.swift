// Content negotiation (RFC 9110 §12.5.1): which of the forms that we have does the client like best?

import HTTPTypes
import Hummingbird
import NIOCore

/// An `Accept` header: media ranges with their weights.
struct Accept: Sendable {
    struct Range: Sendable, Equatable {
        var type: Substring
        var subtype: Substring
        /// 0...1; 0 says "not this one".
        var weight: Double

        func matches(_ offer: (type: Substring, subtype: Substring)) -> Bool {
            (type == "*" || type == offer.type) && (subtype == "*" || subtype == offer.subtype)
        }
        /// `*/*` < `text/*` < `text/html`
        var precision: Int { (type == "*" ? 0 : 1) + (subtype == "*" ? 0 : 1) }
    }

    var ranges: [Range]

    /// - Parameter header: the values of the header; none means that anything is welcome. What is malformed is left out, and so is a range with
    ///   parameters of its own (`text/html;level=1`): none of our forms has any.
    init(_ header: [String]) {
        let items = header.joined(separator: ",").lowercased().split(separator: ",")
        ranges = items.isEmpty ? [Range(type: "*", subtype: "*", weight: 1)] : items.compactMap(Self.range)
    }

    private static func range(_ text: Substring) -> Range? {
        let parts = text.split(separator: ";").map { $0.trimmed }
        guard let name = parts.first, let (type, subtype) = split(name) else { return nil }
        guard type != "*" || subtype == "*" else { return nil }
        switch parts.dropFirst().first {
        case nil: return Range(type: type, subtype: subtype, weight: 1)
        case let parameter? where parameter.hasPrefix("q="):
            guard let weight = Double(parameter.dropFirst(2)), (0...1).contains(weight) else { return nil }
            return Range(type: type, subtype: subtype, weight: weight)
        default: return nil
        }
    }

    private static func split(_ name: Substring) -> (type: Substring, subtype: Substring)? {
        let halves = name.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, !halves[0].isEmpty, !halves[1].isEmpty else { return nil }
        return (halves[0], halves[1])
    }

    /// The weight of a media type: that of the most precise range it falls under.
    func weight(of mediaType: String) -> Double {
        guard let offer = Self.split(mediaType[...]) else { return 0 }
        return ranges.filter { $0.matches(offer) }.max { $0.precision < $1.precision }?.weight ?? 0
    }

    /// The best of `offers`, which stand in our own order of preference; nil if the client wants none of them.
    func best(of offers: [String]) -> String? {
        var best: (offer: String, weight: Double)?
        for offer in offers where weight(of: offer) > (best?.weight ?? 0) { best = (offer, weight(of: offer)) }
        return best?.offer
    }
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = self
        while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
        while let last = text.last, last == " " || last == "\t" { text.removeLast() }
        return text
    }
}

struct Report: Codable, Sendable {
    var title: String
    var visits: Int
}

/// One value, three forms. Answers 406 with the list when none is acceptable. `Vary` tells caches that the answer depends on `Accept`.
func addNegotiatedRoutes(to group: RouterGroup<AppContext>) {
    group.get { request, context in
        let report = Report(title: "Monday", visits: 1234)
        let forms = ["application/json", "text/html", "text/csv"]
        var response: Response
        switch Accept(request.headers[values: .accept]).best(of: forms) {
        case "application/json": response = try context.responseEncoder.encode(report, from: request, context: context)
        case "text/html": response = text("<h1>\(report.title)</h1><p>\(report.visits) visits</p>", as: "text/html; charset=utf-8")
        case "text/csv": response = text("title,visits\n\(report.title),\(report.visits)\n", as: "text/csv; charset=utf-8")
        default: response = text("we have: \(forms.joined(separator: ", "))\n", as: "text/plain", status: .notAcceptable)
        }
        response.headers[.vary] = "Accept"
        return response
    }
}

private func text(_ body: String, as mediaType: String, status: HTTPResponse.Status = .ok) -> Response {
    Response(status: status, headers: [.contentType: mediaType], body: .init(byteBuffer: ByteBuffer(string: body)))
}
