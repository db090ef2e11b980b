// Validation: all that is wrong with an input at once, field by field, as a 422 that a form can show.
//
//     {"errors":[{"field":"email","code":"format","message":"is not an address"}, …]}

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// One complaint about one field. `code` is for programs and stays the same; `message` is for people.
struct FieldError: Codable, Equatable, Sendable {
    var field: String
    var code: String
    var message: String
}

struct ValidationError: Error, HTTPResponseError {
    var errors: [FieldError]
    var status: HTTPResponse.Status { .unprocessableContent }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var response = try context.responseEncoder.encode(["errors": errors], from: request, context: context)
        response.status = status
        return response
    }
}

/// Gathers complaints; `finish` throws them together.
struct Validator {
    private(set) var errors: [FieldError] = []

    mutating func check(_ field: String, _ isValid: Bool, _ code: String, _ message: String) {
        if !isValid { errors.append(FieldError(field: field, code: code, message: message)) }
    }

    func finish() throws(ValidationError) {
        if !errors.isEmpty { throw ValidationError(errors: errors) }
    }
}

/// A type that says what a good value of it is.
protocol Validated: Decodable {
    func validate(_ validator: inout Validator)
}

extension Request {
    /// Decodes JSON and validates it. Missing and mistyped fields become field errors too; what is no JSON at all is a 400.
    func validated<Value: Validated>(as type: Value.Type, upTo limit: Int = 64 * 1024) async throws -> Value {
        let body = try await self.body.collect(upTo: limit)
        do {
            let value = try JSONDecoder().decode(Value.self, from: Data(body.readableBytesView))
            var validator = Validator()
            value.validate(&validator)
            try validator.finish()
            return value
        } catch DecodingError.keyNotFound(let key, let context) {
            throw ValidationError(errors: [.init(field: path(context.codingPath + [key]), code: "missing", message: "is missing")])
        } catch DecodingError.typeMismatch(let type, let context) {
            throw ValidationError(errors: [.init(field: path(context.codingPath), code: "type", message: "must be \(type)")])
        } catch DecodingError.valueNotFound(_, let context) {
            throw ValidationError(errors: [.init(field: path(context.codingPath), code: "missing", message: "must not be null")])
        } catch is DecodingError {
            throw HTTPError(.badRequest, message: "the body is not JSON")
        }
    }

    /// `address.lines.0`
    private func path(_ keys: [any CodingKey]) -> String {
        keys.map { $0.intValue.map(String.init) ?? $0.stringValue }.joined(separator: ".")
    }
}

struct NewAccount: Validated, Codable, ResponseEncodable {
    var name: String
    var email: String
    var age: Int

    func validate(_ validator: inout Validator) {
        validator.check("name", (1...40).contains(name.count), "length", "must have 1 to 40 characters")
        validator.check("email", isAddress(email), "format", "is not an address")
        validator.check("age", (13...130).contains(age), "range", "must be between 13 and 130")
    }

    /// Good enough to catch a slip; only a mail that arrives proves an address.
    private func isAddress(_ text: String) -> Bool {
        let halves = text.split(separator: "@", omittingEmptySubsequences: false)
        return halves.count == 2 && !halves[0].isEmpty && halves[1].contains(".") && !text.contains(" ")
    }
}

func addValidatedRoutes(to group: RouterGroup<AppContext>) {
    group.post { request, _ in
        let account = try await request.validated(as: NewAccount.self)
        return EditedResponse(status: .created, response: account)
    }
}
