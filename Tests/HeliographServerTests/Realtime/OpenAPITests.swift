// The document and the server say the same: each call and answer of the document is tried on the server.

import Foundation
import HTTPTypes
import HummingbirdTesting
import NIOCore
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("OpenAPI", .timeLimit(.minutes(2)))
struct OpenAPITests {
    private func document(_ api: APITests.Service) async throws -> [String: Any] {
        let response = try await api.server.http.execute(
            uri: "/api/openapi.json", method: .get, headers: [.authorization: "apikey \(APITests.key)"])
        guard response.status == .ok else { throw Unexpected("no document: \(response.status)") }
        return try object(String(buffer: response.body))
    }

    private func object(_ text: String) throws -> [String: Any] {
        guard let object = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            throw Unexpected("no object: \(text)")
        }
        return object
    }

    private func schema(_ document: [String: Any], _ method: String, _ path: [String]) throws -> [String: Any] {
        var place: Any = document
        for name in ["paths", "/api/\(method)", "post"] + path + ["content", "application/json", "schema"] {
            guard let next = (place as? [String: Any])?[name] else { throw Unexpected("\(method) has no \(name)") }
            place = next
        }
        return try #require(place as? [String: Any])
    }

    @Test("is for who may call, and only to be read")
    func access() async throws {
        try await APITests.run { api in
            #expect(try await document(api)["openapi"] as? String == "3.1.0")
            let stranger = try await api.server.http.execute(uri: "/api/openapi.json", method: .get)
            #expect(stranger.status == .unauthorized)
            #expect(try await api.ask("openapi.json", ByteBuffer(), [:]).0 == .methodNotAllowed)
        }
    }

    @Test("has a path for each method, and the server has each path")
    func paths() async throws {
        try await APITests.run { api in
            let paths = try #require(try await document(api)["paths"] as? [String: Any])
            #expect(Set(paths.keys) == Set(ServerAPI.methods.map { "/api/\($0.name)" }))
            for method in ServerAPI.methods { #expect(try await api.ask(method.name, ByteBuffer(), [:]).0 == .ok) }
        }
    }

    /// Calls that make sense, and one of each that does not.
    static let calls: [(String, String)] = [
        ("publish", #"{"channel":"history:a","data":{"a":[1]},"tags":{"k":"v"},"delta":true,"version":3,"idempotency_key":"k"}"#),
        ("publish", #"{"channel":"history:a","b64data":"/wA="}"#), ("publish", #"{"channel":"none:a","data":1}"#),
        ("broadcast", #"{"channels":["a","none:a"],"data":1,"exclude":"x","skip_history":false}"#),
        ("publish_pattern", #"{"pattern":"*","data":1}"#),
        ("subscribe", #"{"user":"1","channel":"a","info":1,"data":2,"expire_at":0,"override":{"presence":{"value":false}}}"#),
        ("unsubscribe", #"{"client":"x","channel":"a"}"#), ("disconnect", #"{"session":"x","disconnect":{"code":4000,"reason":"é"}}"#),
        ("refresh", #"{"user":"x","expired":false,"expire_at":4000000000,"info":null}"#),
        ("revoke", #"{"token":"x","expire_at":4000000000}"#), ("presence", #"{"channel":"presence:a"}"#),
        ("presence_stats", #"{"channel":"presence:a"}"#), ("presence_stats", #"{"channel":"a"}"#),
        ("history", #"{"channel":"history:a","limit":-1,"reverse":true}"#), ("history_remove", #"{"channel":"history:a"}"#),
        ("channels", #"{"limit":1}"#), ("channels", "{}"), ("info", "{}"),
        ("connections", #"{"user":"1","limit":5}"#), ("connection", #"{"client":"x"}"#), ("rpc", #"{"method":"x","params":{}}"#),
        ("batch", #"{"commands":[{"info":{}},{"publish":{}}],"parallel":true}"#),
    ]

    @Test("describes calls that the server takes, and its answers")
    func answers() async throws {
        try await APITests.run { api in
            let document = try await document(api)
            let check = JSONSchema(document)
            let client = try await RealtimeClient(api.server)
            try await client.connect(TokenMaker.hmac().sign(#"{"sub":"1","info":{"name":"Ann"}}"#))
            for channel in ["a", "b", "presence:a"] { try await client.subscribe(channel) }
            for (method, body) in Self.calls {
                #expect(try check.problem(object(body), schema(document, method, ["requestBody"])) == nil, "\(method) \(body)")
                let answer = try await api.call(method, body)
                #expect(try check.problem(object(answer), schema(document, method, ["responses", "200"])) == nil, "\(method) \(answer)")
            }
            withExtendedLifetime(client) {}
        }
        #expect(Set(Self.calls.map(\.0)) == Set(ServerAPI.methods.map(\.name)), "each method is tried")
    }

    @Test("says what must be there, and of what type, as the server does", arguments: ServerAPI.methods.map(\.name))
    func mistakes(name: String) async throws {
        let method = try #require(ServerAPI.table[name])
        let wrong: [(String, String)] = method.members.flatMap { member in
            var values = member.isNullable ? [] : [("null", "null")]
            switch member.schema {
            case .json: break
            case .text: values += [("7", "a number"), ("[]", "a list")]
            case .flag: values += [("1", "a number"), (#""true""#, "text")]
            case .number, .unsigned: values += [(#""1""#, "text"), ("1.5", "a fraction"), ("-99999999999999999999", "too small")]
            case .list: values += [("{}", "an object"), ("[7.5]", "a list of others")]
            case .map, .object, .oneOf, .named: values += [("[]", "a list"), (#"{"x":7.5}"#, "an object of others")]
            }
            return values.map { (member.name, $0.0) }
        }
        let good = try #require(Self.calls.first { $0.0 == name }?.1)
        try await APITests.run { api in
            let document = try await document(api)
            let check = JSONSchema(document)
            let schema = try schema(document, name, ["requestBody"])
            for (member, value) in wrong {
                let body = try changed(good, member, value)
                #expect(try await api.call(name, body).contains(#""code":107"#), "\(body)")
                if !value.hasPrefix("-") { #expect(try check.problem(object(body), schema) != nil, "\(body)") }
            }
            for member in method.members where member.isRequired {
                let body = try changed(good, member.name, nil)
                #expect(try await api.call(name, body).contains(#""code":107"#), "\(body)")
                #expect(try check.problem(object(body), schema) != nil, "\(body)")
            }
            let unknown = try changed(good, "unknown", "1")
            #expect(try await api.call(name, unknown).contains("unknown is not known"))
            #expect(try check.problem(object(unknown), schema) != nil)
        }
    }

    /// A call with another member, or without it.
    private func changed(_ body: String, _ member: String, _ value: String?) throws -> String {
        var members = try object(body)
        members[member] = nil
        let rest = String(decoding: try JSONSerialization.data(withJSONObject: members), as: UTF8.self).dropFirst().dropLast()
        let own = value.map { "\"\(member)\":\($0)" }
        return "{" + [own, rest.isEmpty ? nil : String(rest)].compactMap { $0 }.joined(separator: ",") + "}"
    }
}
