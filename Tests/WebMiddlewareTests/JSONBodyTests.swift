import Foundation
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import Testing

@testable import WebMiddleware

@Suite("Bodies in JSON", .timeLimit(.minutes(1)))
struct JSONBodyTests {
    struct Item: Decodable, Validatable {
        let name: String
        let count: Int

        func validate(_ fields: inout FieldChecks) {
            fields.check(!name.isEmpty, "name", "must not be empty")
            fields.check((1...9).contains(count), "count", "must be 1 to 9")
        }
    }

    enum Color: String, Decodable { case red }

    struct Order: Decodable, Validatable {
        let id: Int
        let items: [Item]
        let tags: [String: String]?
        let rate: Double?
        let isGift: Bool?
        let color: Color?
        let date: Date?

        func validate(_ fields: inout FieldChecks) {
            fields.check(id > 0, "id", "must be positive")
            fields.each(items, "items")
            fields.within("tags") { fields in
                for (name, value) in tags ?? [:] { fields.check(!value.isEmpty, name, "must not be empty") }
            }
            fields.check(id != 13, "", "must not be the unlucky one")
        }
    }

    private func answer(
        _ body: String, _ headers: HTTPFields = [.contentType: "application/json"], live: Bool = false
    ) async throws -> (HTTPResponse.Status, String, HTTPFields) {
        let result = Kept()
        var options = JSONBodyOptions()
        options.maxBytes = 2_000
        options.maxDepth = 4
        let limits = options
        let handler: @Sendable (Request, TestContext) async throws -> Response = { request, _ in
            text("\(try await request.json(Order.self, limits).items.count)")
        }
        try await Site.run([], live: live, handler: handler) { site in
            let response = try await site.ask("/", .post, headers, ByteBuffer(string: body))
            await result.keep(response.status, response.text, response.headers)
        }
        return await result.answer
    }

    private actor Kept {
        var answer: (HTTPResponse.Status, String, HTTPFields) = (.ok, "", [:])
        func keep(_ status: HTTPResponse.Status, _ text: String, _ headers: HTTPFields) { answer = (status, text, headers) }
    }

    @Test(
        "are read when they say that they are JSON",
        arguments: [
            "application/json", "application/json; charset=utf-8", "Application/JSON ; charset=\"UTF-8\"", "application/vnd.api+json",
        ])
    func types(type: String) async throws {
        let body = #"{"id":1,"items":[{"name":"a","count":1}],"date":"2026-01-02T03:04:05Z"}"#
        #expect(try await answer(body, [.contentType: type]).1 == "1")
    }

    @Test("are refused with 415 otherwise", arguments: ["", "text/plain", "application/json; charset=latin1", "json", "application/jsonp"])
    func otherTypes(type: String) async throws {
        let (status, _, headers) = try await answer("{}", type.isEmpty ? [:] : [.contentType: type])
        #expect(status == .unsupportedMediaType)
        #expect(headers[.accept] == "application/json")
        #expect(headers[.contentType] == "application/problem+json")
    }

    @Test(
        "say which field has the wrong form",
        arguments: [
            (#"{"items":[]}"#, "#/id", "is missing"), (#"{"id":"x","items":[]}"#, "#/id", "must be a whole number"),
            (#"{"id":null,"items":[]}"#, "#/id", "must not be null"), (#"{"id":1,"items":7}"#, "#/items", "must be a list"),
            (#"{"id":1,"items":[{"name":"a","count":1},{"name":5,"count":1}]}"#, "#/items/1/name", "must be text"),
            (#"{"id":1,"items":[{"count":1}]}"#, "#/items/0/name", "is missing"),
            (#"{"id":1,"items":[],"tags":[]}"#, "#/tags", "must be an object"),
            (#"{"id":1,"items":[],"tags":{"a/b~c":1}}"#, "#/tags/a~1b~0c", "must be text"),
            (#"{"id":1,"items":[],"rate":"x"}"#, "#/rate", "must be a number"),
            (#"{"id":1,"items":[],"isGift":"x"}"#, "#/isGift", "must be true or false"),
            (#"{"id":1,"items":[],"color":"blue"}"#, "#/color", "has a value that can't be used"),
            (#"{"id":1,"items":[],"date":"yesterday"}"#, "#/date", "has a value that can't be used"),
            (#"{"id":1.5,"items":[]}"#, "#", "has a value that can't be used"), ("[]", "#", "must be an object"),
            ("7", "#", "must be an object"),
        ])
    func forms(body: String, pointer: String, detail: String) async throws {
        let (status, text, _) = try await answer(body)
        #expect(status == .unprocessableContent, "\(text)")
        #expect(text.contains(#""pointer":"\#(pointer)""#), "\(text)")
        #expect(text.contains(detail), "\(text)")
    }

    @Test("say all that is wrong by their own rules, in order")
    func rules() async throws {
        let (status, text, _) = try await answer(
            #"{"id":0,"items":[{"name":"","count":1},{"name":"b","count":10}],"tags":{"x y":""}}"#)
        #expect(status == .unprocessableContent)
        #expect(
            text
                == ##"{"errors":[{"detail":"must be positive","pointer":"#/id"},{"detail":"must not be empty","pointer":"#/items/0/name"},"##
                + ##"{"detail":"must be 1 to 9","pointer":"#/items/1/count"},{"detail":"must not be empty","pointer":"#/tags/x%20y"}],"##
                + ##""status":422,"title":"Unprocessable Content","type":"about:blank"}"##)
        #expect(try await answer(#"{"id":13,"items":[]}"#).1.contains(##""pointer":"#""##))
    }

    @Test("stop at a hundred problems")
    func many() async throws {
        let items = Array(repeating: #"{"name":"","count":0}"#, count: 80).joined(separator: ",")
        let (_, text, _) = try await answer(#"{"id":1,"items":[\#(items)]}"#)
        #expect(text.split(separator: "pointer").count == FieldChecks.maxProblems + 1)
    }

    @Test(
        "are refused with 400 if they are no JSON, empty or too deep",
        arguments: [
            ("", "empty"), ("{", "not JSON"), ("{}x", "not JSON"), (#"{"id":}"#, "not JSON"), ("[[[[[1]]]]]", "deeper than 4"),
            (String(repeating: "[", count: 1_999), "deeper than 4"), (String(repeating: #"{"a":"#, count: 300), "deeper than 4"),
        ])
    func malformed(body: String, words: String) async throws {
        let (status, text, _) = try await answer(body)
        #expect(status == .badRequest)
        #expect(text.contains(words), "\(text)")
    }

    @Test("are refused with 413 if they are too long, whether they say so or not", arguments: [false, true])
    func tooLong(live: Bool) async throws {
        let (status, text, _) = try await answer(#"{"id":1,"items":[]}"# + String(repeating: " ", count: 2_000), live: live)
        #expect(status == .contentTooLarge)
        #expect(text.contains("2000 bytes"))
    }
}

@Suite("The depth of JSON")
struct JSONDepthTests {
    @Test(
        "is that of lists and objects, not of what is quoted",
        arguments: [
            ("1", 0), ("[]", 1), (#"{"a":[{}]}"#, 3), (#""[[[""#, 0), (#"["\"[[",[1]]"#, 2), (#"["\\",[1]]"#, 2), ("[],[],[]", 1),
            ("]]][", 1),
        ])
    func depth(text: String, depth: Int) {
        let text = ByteBuffer(string: text)
        if depth > 0, !String(buffer: text).hasPrefix("]") { #expect(JSONDepth.exceeds(depth - 1, in: text)) }
        #expect(!JSONDepth.exceeds(depth, in: text))
    }

    @Test("of a million brackets is seen at once")
    func bombs() {
        #expect(JSONDepth.exceeds(64, in: ByteBuffer(string: String(repeating: "[", count: 1_000_000))))
        #expect(JSONDepth.exceeds(64, in: ByteBuffer(string: String(repeating: #"{"a":"#, count: 1_000_000))))
    }
}
