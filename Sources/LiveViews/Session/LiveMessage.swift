/// What the server says besides templates, trees and patches (live protocol §8–11).
enum LiveMessage: Sendable {
    case acknowledgement(Int)
    case refusal(ref: Int, String)
    /// The value is JSON.
    case push(String, [UInt8])
    case seal(String, hash: String)
    case address(String, replaces: Bool)
    case go(String)
    case title(String)
    case flash(FlashKind, String)
    case focus(String)
    case reset(String)
    case away(milliseconds: Int)
    case reload
    /// The numbers of files that may come, and why others may not.
    case offered(Int, [Result<Int, UploadProblem>])
    case taken(Int, Int)
    case ended(Int)

    /// Whether a shared view says it to all who watch; the others are about one browser.
    var isForAll: Bool {
        switch self {
        case .push, .flash, .focus, .reset: true
        default: false
        }
    }

    var json: [UInt8] {
        switch self {
        case .acknowledgement(let ref): return Array("\(ref)".utf8)
        case .refusal(let ref, let text): return Self.array("err", "\(ref)", Self.quoted(text))
        case .push(let name, let value): return Self.array("e", Self.quoted(name), String(decoding: value, as: UTF8.self))
        case .seal(let seal, let hash): return Self.array("s", Self.quoted(seal), Self.quoted(hash))
        case .address(let url, let replaces): return Self.array("u", Self.quoted(url), replaces ? "true" : "false")
        case .go(let url): return Self.array("go", Self.quoted(url))
        case .title(let text): return Self.array("title", Self.quoted(text))
        case .flash(let kind, let text): return Self.array("flash", Self.quoted(kind.name), Self.quoted(text))
        case .focus(let selector): return Self.array("focus", Self.quoted(selector))
        case .reset(let id): return Self.array("reset", Self.quoted(id))
        case .away(let milliseconds): return Self.array("away", "\(milliseconds)")
        case .reload: return Self.array("reload")
        case .offered(let ref, let answers):
            let texts = answers.map { answer in
                switch answer {
                case .success(let id): "\(id)"
                case .failure(let problem): Self.quoted("\(problem)")
                }
            }
            return Self.array("up", "\(ref)", "[\(texts.joined(separator: ","))]")
        case .taken(let id, let count): return Self.array("ua", "\(id)", "\(count)")
        case .ended(let id): return Self.array("ux", "\(id)")
        }
    }

    private static func array(_ kind: String, _ values: String...) -> [UInt8] {
        Array("[\"\(kind)\"\(values.map { ",\($0)" }.joined())]".utf8)
    }

    private static func quoted(_ text: String) -> String { EventNode.quoted(text) }
}
