public import FoundationEssentials
import HTTPTypes
public import Hummingbird
import NIOCore

extension Request {
    /// The body, which must be JSON of this form.
    ///
    /// ```swift
    /// router.post("orders") { request, _ in
    ///     let order = try await request.json(Order.self)
    ///     …
    /// }
    /// ```
    ///
    /// What is wrong is answered as a ``Problem``: another type than JSON with 415, too long a body with 413, what is no JSON or too deep with 400, and what has not
    /// the form of `Body`, or not by its own rules (``Validatable``), with 422 and the place of each field. Where the form is wrong it is the first such field, of the rules all.
    ///
    /// - Parameters:
    ///   - type: what the body is to be.
    ///   - options: how long and how deep it may be.
    ///   - decoder: for dates, names and so on. Default: dates in ISO 8601.
    /// - Throws: ``Problem``; what the connection throws.
    public func json<Body: Decodable>(
        _ type: Body.Type = Body.self, _ options: JSONBodyOptions = JSONBodyOptions(), decoder: JSONDecoder? = nil
    ) async throws -> Body {
        guard isJSON else {
            throw Problem(.unsupportedMediaType, detail: "The body must be application/json.", headers: [.accept: "application/json"])
        }
        let text = try await text(options)
        guard !JSONDepth.exceeds(options.maxDepth, in: text) else {
            throw Problem(.badRequest, detail: "The body is deeper than \(options.maxDepth) levels.")
        }
        let decoder = decoder ?? Self.decoder
        let body: Body
        let data = Data(text.readableBytesView)
        do { body = try decoder.decode(type, from: data) } catch let error as DecodingError {
            throw Problem(error, isJSON: (try? decoder.decode(Anything.self, from: data)) != nil)
        }
        guard let validatable = body as? any Validatable else { return body }
        var fields = FieldChecks()
        validatable.validate(&fields)
        guard fields.problems.isEmpty else { throw Problem(.unprocessableContent, fields: fields.problems) }
        return body
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        // As `.iso8601`, with the place of what is no date.
        decoder.dateDecodingStrategy = .custom { decoder in
            let text = try decoder.singleValueContainer().decode(String.self)
            if let date = try? Date.ISO8601FormatStyle().parse(text) { return date }
            throw DecodingError.dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "not a date"))
        }
        return decoder
    }

    /// `application/json`, or another type that says that it is JSON (RFC 6839 §3.1). JSON is UTF-8 (RFC 8259 §8.1).
    private var isJSON: Bool {
        guard let element = headers[.contentType].map({ WeightedList([$0]) })?.elements.first else { return false }
        guard element.value == "application/json" || element.value.hasSuffix("+json") else { return false }
        let charset = element.parameters["charset"]?.lowercased()
        return charset == nil || charset == "utf-8"
    }

    private func text(_ options: JSONBodyOptions) async throws -> ByteBuffer {
        let tooLong = Problem(
            .contentTooLarge, detail: "The body is longer than \(options.maxBytes) bytes.")
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > options.maxBytes { throw tooLong }
        do {
            let text = try await body.collect(upTo: options.maxBytes)
            guard text.readableBytes > 0 else { throw Problem(.badRequest, detail: "The body is empty.") }
            return text
        } catch is NIOTooManyBytesError {
            throw tooLong
        }
    }
}

/// Any JSON.
private struct Anything: Decodable {
    init(from decoder: any Decoder) {}
}

extension Problem {
    /// What a decoder stumbled over.
    ///
    /// - Parameter isJSON: whether the body is JSON. Of a number that does not fit, a decoder says neither that nor the place.
    init(_ error: DecodingError, isJSON: Bool) {
        switch error {
        case .keyNotFound(let key, let context):
            self.init(context.codingPath + [key], "is missing")
        case .typeMismatch(let type, let context):
            self.init(context.codingPath, "must be \(Self.words(for: type))")
        case .valueNotFound(_, let context):
            self.init(context.codingPath, "must not be null")
        case .dataCorrupted where !isJSON:
            self.init(.badRequest, detail: "The body is not JSON.")
        case .dataCorrupted(let context):
            self.init(context.codingPath, "has a value that can't be used")
        @unknown default:
            self.init(.badRequest, detail: "The body can't be used.")
        }
    }

    private init(_ path: [any CodingKey], _ detail: String) {
        let names = path.map { key in key.intValue.map { "\($0)" } ?? key.stringValue }
        self.init(.unprocessableContent, fields: [FieldProblem(names, detail)])
    }

    private static func words(for type: Any.Type) -> String {
        switch type {
        case is String.Type: "text"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type: "a whole number"
        case is any FloatingPoint.Type: "a number"
        case is any ListType.Type: "a list"
        case is any ObjectType.Type: "an object"
        default: "of another type"
        }
    }
}

private protocol ListType {}
extension Array: ListType {}
private protocol ObjectType {}
extension Dictionary: ObjectType {}
