/// A route's path with its parameters: `/items/{id}`.
public struct RoutePattern: Sendable, Hashable {
    private enum Part: Hashable {
        case text(String)
        case parameter(String)
        case any
        case rest
    }

    private let parts: [Part]

    /// As a router of Hummingbird has it: `{name}` or `:name`, `*` for any part, `**` for all that follows.
    public init(_ path: String) {
        parts = path.split(separator: "/").map { part in
            if part == "**" { return .rest }
            if part == "*" { return .any }
            if part.hasPrefix("{"), part.hasSuffix("}") { return .parameter(String(part.dropFirst().dropLast())) }
            if part.hasPrefix(":") { return .parameter(String(part.dropFirst())) }
            return .text(String(part))
        }
    }

    /// - Returns: nil if the path is not one of this route's.
    public func parameters(of path: String) -> [String: String]? {
        var rest = path.split(separator: "/")[...]
        var parameters: [String: String] = [:]
        for part in parts {
            if part == .rest { return parameters }
            guard let next = rest.popFirst() else { return nil }
            switch part {
            case .text(let text): guard next == text else { return nil }
            case .parameter(let name): parameters[name] = PercentEncoding.decoded(next.replacing("+", with: "%2B"))
            case .any, .rest: break
            }
        }
        return rest.isEmpty ? parameters : nil
    }
}
