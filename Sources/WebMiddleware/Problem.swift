import FoundationEssentials
public import HTTPTypes
public import Hummingbird
import NIOCore

/// What is wrong with a request, for a machine to read (RFC 9457): thrown by a handler or a middleware, it becomes an answer in
/// `application/problem+json`.
///
/// ```json
/// {"type": "about:blank", "title": "Unprocessable Content", "status": 422,
///  "errors": [{"pointer": "#/age", "detail": "must be a whole number"}]}
/// ```
public struct Problem: Error, Hashable, Sendable {
    /// The status of the answer.
    public var status: HTTPResponse.Status
    /// A URI that names the kind of problem. `about:blank`: the status says it all (§4.2.1).
    public var type: String
    /// The kind of problem in words, the same each time.
    public var title: String
    /// This occurrence of it in words. It is for the client: nothing that a stranger should not read.
    public var detail: String?
    /// The fields of the body that are wrong, each by its place.
    public var fields: [FieldProblem]
    /// More headers of the answer.
    public var headers: HTTPFields

    /// - Parameters:
    ///   - status: of the answer.
    ///   - detail: this occurrence in words. Default: none.
    ///   - title: the kind in words. Default: the status's own.
    ///   - type: a URI that names the kind. Default: `about:blank`.
    ///   - fields: the fields of the body that are wrong.
    ///   - headers: more headers of the answer.
    public init(
        _ status: HTTPResponse.Status, detail: String? = nil, title: String? = nil, type: String = "about:blank",
        fields: [FieldProblem] = [], headers: HTTPFields = [:]
    ) {
        self.status = status
        self.type = type
        self.title = title ?? status.reasonPhrase
        self.detail = detail
        self.fields = fields
        self.headers = headers
    }
}

extension Problem: HTTPResponseError {
    /// The answer.
    public func response(from request: Request, context: some RequestContext) throws -> Response {
        var headers = headers
        headers[.contentType] = "application/problem+json"
        headers[.cacheControl] = "no-store"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: try json))
    }

    private var json: ByteBuffer {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            let document = Document(
                type: type, title: title, status: status.code, detail: detail, errors: fields.isEmpty ? nil : fields)
            return ByteBuffer(bytes: try encoder.encode(document))
        }
    }

    private struct Document: Encodable {
        let type: String
        let title: String
        let status: Int
        let detail: String?
        let errors: [FieldProblem]?
    }
}

/// A field that is wrong.
public struct FieldProblem: Hashable, Sendable, Encodable {
    /// Where it is: a JSON pointer in the form of a fragment (RFC 6901 §6), such as `#/items/0/name`; `#` is the whole body.
    public var pointer: String
    /// What is wrong, in words that may be shown beside the field.
    public var detail: String

    /// - Parameters:
    ///   - path: the names and numbers that lead to the field.
    ///   - detail: what is wrong.
    public init(_ path: [String], _ detail: String) {
        pointer = path.reduce(into: "#") { pointer, name in
            pointer += "/" + Self.escaped(name)
        }
        self.detail = detail
    }

    /// RFC 6901 §3, then what a fragment cannot have as it is (§6; RFC 3986 §3.5).
    private static func escaped(_ name: String) -> String {
        var text = ""
        for byte in name.utf8 {
            switch byte {
            case UInt8(ascii: "~"): text += "~0"
            case UInt8(ascii: "/"): text += "~1"
            case _ where isAllowed(byte): text.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return text
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._!$&'()*+,;=:@?".utf8.contains(byte)
        }
    }
}
