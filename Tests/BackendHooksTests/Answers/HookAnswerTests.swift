// What a backend answers, of every right and wrong shape.

import NIOCore
import RealtimeHub
import RealtimeProtocol
import ServerTestSupport
import Testing

@testable import BackendHooks

@Suite("Answers of backends")
struct HookAnswerTests {
    private func read<Result: HookResult>(_ text: String, _: Result.Type = Result.self) throws -> Result {
        guard case .result(let result) = try HookAnswer<Result>(ByteBuffer(string: text)) else { throw Unexpected("no result") }
        return result
    }

    private func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

    // MARK: Results

    @Test("connect: all that a result can say")
    func connect() throws {
        let answer = """
            {"result": {"user": "42", "expire_at": 1900000000, "info": {"name": "Ada"}, "data": [1, 2], "channels": ["news:all"],
             "subs": {"chat:tea": {"info": 7, "data": "x", "override": {"presence": {"value": false}, "force_recovery": {"value": true}}}},
             "meta": {"plan": "gold"}, "caps": [{"channels": ["orders:*"], "allow": ["sub", "hst"]}], "labels": {"a": "b"}, "else": null}}
            """
        let grant = try read(answer, ConnectResult.self).grant
        #expect(grant.user == "42")
        #expect(grant.expiresAt == 1_900_000_000_000)
        #expect(text(grant.info) == #"{"name":"Ada"}"#)
        #expect(grant.data.map { String(buffer: $0) } == "[1,2]")
        #expect(Set(grant.subscriptions.keys) == ["news:all", "chat:tea"])
        #expect(grant.subscriptions["chat:tea"]?.override == ChannelOverride(presence: false, forceRecovery: true))
        #expect(text(grant.subscriptions["chat:tea"]?.info) == "7")
        #expect(text(grant.meta) == #"{"plan":"gold"}"#)
        #expect(grant.capabilities == Capabilities([.init([try ChannelPattern("orders:*")], [.subscribe, .history])]))
    }

    @Test("connect: nothing but a user, or not even that")
    func least() throws {
        let grant = try read(#"{"result":{"user":"1"}}"#, ConnectResult.self).grant
        #expect((grant.user, grant.expiresAt, grant.info, grant.data, grant.meta) == ("1", 0, nil, nil, nil))
        #expect(try read(#"{"result":{}}"#, ConnectResult.self).grant.user == "")
        #expect(try read(#"{"result":{"user":null,"info":null}}"#, ConnectResult.self).grant.info == nil)
    }

    @Test("subs, subscribe and sub_refresh: which publications are for the client; subs: whether the latest comes at once")
    func filters() throws {
        let filter = #"{"op":"and","nodes":[{"key":"team","cmp":"eq","val":"red"},{"key":"level","cmp":"gte","val":"5"}]}"#
        let expected = try TagsFilter(
            Wire.FilterNode(
                op: "and",
                nodes: [
                    Wire.FilterNode(key: "team", comparison: "eq", value: "red"),
                    Wire.FilterNode(key: "level", comparison: "gte", value: "5"),
                ]))
        let subs = try read(
            "{\"result\":{\"user\":\"1\",\"subs\":{\"a\":{\"server_tags_filter\":\(filter),\"cache_recover\":true},\"b\":{}}}}",
            ConnectResult.self
        ).grant.subscriptions
        #expect((subs["a"]?.tagsFilter, subs["a"]?.recoversCache) == (expected, true))
        #expect((subs["b"]?.tagsFilter, subs["b"]?.recoversCache) == (nil, false))
        #expect(try read("{\"result\":{\"server_tags_filter\":\(filter)}}", SubscribeResult.self).grant.tagsFilter == expected)
        guard case .prolonged(let grant) = try read("{\"result\":{\"server_tags_filter\":\(filter)}}", RefreshResult.self).decision else {
            throw Unexpected("it is over")
        }
        #expect(grant.tagsFilter == expected)
    }

    @Test(
        "a filter that is none is a fault, so that nobody gets what is not for him",
        arguments: [
            "1", "[]", "{}", #""red""#, #"{"key":"team"}"#, #"{"key":"team","cmp":"is","val":"red"}"#, #"{"op":"and"}"#, #"{"cmp":1}"#,
        ])
    func badFilters(filter: String) {
        let result = "{\"result\":{\"server_tags_filter\":\(filter)}}"
        #expect(throws: AnswerFault.self) { try read(result, SubscribeResult.self) }
        #expect(throws: AnswerFault.self) { try read(result, RefreshResult.self) }
        #expect(throws: AnswerFault.self) {
            try read("{\"result\":{\"subs\":{\"a\":{\"server_tags_filter\":\(filter)}}}}", ConnectResult.self)
        }
    }

    @Test("payloads in base64 come before those in JSON")
    func base64() throws {
        let grant = try read(#"{"result":{"b64info":"AAE=","info":1,"b64data":"/w==","data":2}}"#, SubscribeResult.self).grant
        #expect(grant.info == [0, 1])
        #expect(grant.data == ByteBuffer(bytes: [255]))
        #expect(try read(#"{"result":{"b64data":"","data":2}}"#, CallResult.self).data == ByteBuffer(string: "2"))
    }

    @Test("publish: other data, tags, history, deltas, versions")
    func publish() throws {
        let answer = """
            {"result": {"data": {"a": 1}, "skip_history": true, "tags": {"k": "v"}, "idempotency_key": "once", "delta": true,
             "version": 18446744073709551615, "version_epoch": "e"}}
            """
        let grant = try read(answer, PublishResult.self).grant
        #expect(grant.data.map { String(buffer: $0) } == #"{"a":1}"#)
        #expect((grant.skipsHistory, grant.usesDelta, grant.idempotencyKey) == (true, true, "once"))
        #expect((grant.tags, grant.version, grant.versionEpoch) == (["k": "v"], .max, "e"))
        let least = try read(#"{"result":{"idempotency_key":""}}"#, PublishResult.self).grant
        #expect((least.data, least.idempotencyKey, least.version) == (nil, nil, 0))
    }

    @Test("refresh: goes on until then, or is over")
    func refresh() throws {
        guard case .prolonged(let grant) = try read(#"{"result":{"expire_at":1900000000,"info":1,"meta":{}}}"#, RefreshResult.self).decision
        else { throw Unexpected("it is over") }
        #expect((grant.expiresAt, text(grant.info), text(grant.meta), grant.capabilities) == (1_900_000_000_000, "1", "{}", nil))
        guard case .expired = try read(#"{"result":{"expired":true,"expire_at":1900000000}}"#, RefreshResult.self).decision else {
            throw Unexpected("it goes on")
        }
    }

    // MARK: Refusals

    @Test("an error, with what clients may do about it")
    func error() throws {
        guard
            case .refusal(.error(let error)) = try HookAnswer<CallResult>(
                ByteBuffer(string: #"{"error":{"code":403,"message":"no","temporary":true}}"#))
        else { throw Unexpected("no error") }
        #expect((error.number, error.message, error.isTemporary) == (403, "no", true))
        guard case .refusal(.error(let bare)) = try HookAnswer<CallResult>(ByteBuffer(string: #"{"error":{"code":1000}}"#)) else {
            throw Unexpected("no error")
        }
        #expect((bare.number, bare.message, bare.isTemporary) == (1_000, "", false))
    }

    @Test("a disconnect, whose reason fits into a Close frame; it comes before an error, and that before a result")
    func disconnect() throws {
        let long = String(repeating: "ä", count: 100)
        let answer = #"{"result":{},"error":{"code":1},"disconnect":{"code":4501,"reason":"\#(long)"}}"#
        guard case .refusal(.disconnect(let code)) = try HookAnswer<CallResult>(ByteBuffer(string: answer)) else {
            throw Unexpected("no disconnect")
        }
        #expect(code.number == 4_501)
        #expect(code.reason == String(repeating: "ä", count: 61))
        guard case .refusal(.error) = try HookAnswer<CallResult>(ByteBuffer(string: #"{"result":{},"error":{"code":1}}"#)) else {
            throw Unexpected("no error")
        }
    }

    @Test(
        "an empty object is no answer and no mistake", arguments: ["{}", #"{"result":null}"#, #"{"error":null,"disconnect":null,"x":1}"#])
    func nothing(text: String) throws {
        guard case .nothing = try HookAnswer<ConnectResult>(ByteBuffer(string: text)) else { throw Unexpected("something") }
    }

    // MARK: Wrong shapes

    private static let deep = String(repeating: "[", count: 65) + String(repeating: "]", count: 65)

    @Test(
        "what is no answer is refused",
        arguments: [
            "", " ", "null", "[]", "7", "\"result\"", "{", #"{"result":{}"#, #"{"result":{}} x"#, #"{"result":{},}"#, "<html></html>",
            "{'a':1}",
            #"{"result":[]}"#, #"{"result":"ok"}"#, #"{"result":true}"#, #"{"result":{},"result":{}}"#, "{\"result\":{\"data\":\"\u{1}\"}}",
            #"{"error":"no"}"#, #"{"error":{}}"#, #"{"error":{"code":0}}"#, #"{"error":{"code":"403"}}"#, #"{"error":{"code":-1}}"#,
            #"{"error":{"code":4294967296}}"#, #"{"error":{"code":1.5}}"#, #"{"error":{"code":1,"message":7}}"#,
            #"{"error":{"code":1,"temporary":"yes"}}"#, #"{"disconnect":{}}"#, #"{"disconnect":{"code":1000}}"#,
            #"{"disconnect":{"code":2999}}"#, #"{"disconnect":{"code":5000}}"#, #"{"disconnect":{"code":70000}}"#,
            #"{"disconnect":{"code":4000,"reason":[]}}"#, #"{"result":{"data":\#(deep)}}"#, #"{"result":{"data":"\ud800"}}"#,
        ])
    func wrong(text: String) {
        #expect(throws: AnswerFault.self) { try HookAnswer<CallResult>(ByteBuffer(string: text)) }
    }

    @Test("what is not UTF-8 is refused")
    func notUTF8() {
        #expect(throws: AnswerFault.self) {
            try HookAnswer<CallResult>(ByteBuffer(bytes: Array(#"{"result":{"data":""#.utf8) + [0xFF, 0x22, 0x7D, 0x7D]))
        }
    }

    @Test(
        "what is no result of connect is refused",
        arguments: [
            #""user":42"#, #""user":[]"#, #""expire_at":"soon""#, #""expire_at":-1"#, #""expire_at":1900000000000"#, #""expire_at":1e9"#,
            #""b64info":"?""#, #""b64info":7"#, #""b64data":"AA""#, #""channels":"a""#, #""channels":[1]"#, #""channels":{}"#,
            #""subs":[]"#,
            #""subs":{"a":1}"#, #""subs":{"a":{"override":true}}"#, #""subs":{"a":{"override":{"presence":true}}}"#,
            #""subs":{"a":{"override":{"presence":{"value":1}}}}"#, #""caps":{}"#, #""caps":[1]"#, #""caps":[{"channels":[1]}]"#,
            #""caps":[{"channels":["a"],"allow":["everything"]}]"#, #""caps":[{"channels":["a"],"allow":"sub"}]"#,
            #""caps":[{"channels":["a"],"allow":["sub"],"match":"regex"}]"#,
        ])
    func wrongConnect(members: String) {
        #expect(throws: AnswerFault.self) { try read("{\"result\":{\(members)}}", ConnectResult.self) }
    }

    @Test(
        "what is no result of publish is refused",
        arguments: [
            #""skip_history":1"#, #""tags":[]"#, #""tags":{"a":1}"#, #""idempotency_key":1"#, #""delta":"yes""#, #""version":-1"#,
            #""version":18446744073709551616"#, #""version_epoch":1"#, #""b64data":"*""#,
        ])
    func wrongPublish(members: String) {
        #expect(throws: AnswerFault.self) { try read("{\"result\":{\(members)}}", PublishResult.self) }
    }

    @Test("a result with more channels than anybody has a use for costs no more than it has bytes")
    func many() throws {
        let channels = (0..<20_000).map { "\"c:\($0)\"" }.joined(separator: ",")
        #expect(try read("{\"result\":{\"channels\":[\(channels)]}}", ConnectResult.self).grant.subscriptions.count == 20_000)
        let patterns = (0...Capabilities.maxPatterns).map { "\"c:\($0)\"" }.joined(separator: ",")
        #expect(throws: AnswerFault.self) {
            try read("{\"result\":{\"caps\":[{\"channels\":[\(patterns)],\"allow\":[\"sub\"]}]}}", ConnectResult.self)
        }
    }

    @Test("what is wrong is said")
    func words() {
        #expect(throws: AnswerFault("the answer.result.subs.a.override is no object")) {
            try read(#"{"result":{"subs":{"a":{"override":7}}}}"#, ConnectResult.self)
        }
    }
}
