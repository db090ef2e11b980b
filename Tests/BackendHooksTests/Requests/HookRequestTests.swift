// What a backend is asked: the very text, as backends of the public servers of the protocol know it.

import NIOCore
import RealtimeProtocol
import Testing

@testable import BackendHooks
@testable import RealtimeHub

@Suite("Questions to backends")
struct HookRequestTests {
    private let identity = ClientIdentity(client: "c1", user: "42")
    private let context: ClientContext = {
        var context = ClientContext()
        context.transport = "websocket"
        context.meta = Array(#"{"plan":"gold"}"#.utf8)
        return context
    }()

    private func text(_ request: HookRequest, meta: Bool = false) -> String { String(buffer: request.body(includesMeta: meta)) }

    private func connect(_ data: String = "", channels: [String] = []) -> ConnectEvent {
        ConnectEvent(
            client: "c1", transport: "websocket", claims: nil, data: ByteBuffer(string: data), name: "", version: "", headers: [:],
            channels: channels, context: context)
    }

    @Test("connect: what is not given is left out, and so is the meta")
    func connect() {
        let least = #"{"client":"c1","transport":"websocket","protocol":"json","encoding":"json"}"#
        #expect(text(HookRequest(connect(), isBinary: false), meta: true) == least)
        var event = connect(#"{"a": 1}"#, channels: ["b", "a"])
        (event.name, event.version, event.context.format) = ("js", "1.0", .protobuf)
        #expect(
            text(HookRequest(event, isBinary: false))
                == #"{"client":"c1","transport":"websocket","protocol":"protobuf","encoding":"json","name":"js","version":"1.0","data":{"a":1},"channels":["a","b"]}"#
        )
    }

    @Test("subscribe, publish, rpc, refresh, sub_refresh")
    func others() {
        let start = #"{"client":"c1","transport":"websocket","protocol":"json","encoding":"json","user":"42""#
        let data = ByteBuffer(string: "[1]")
        let subscribe = SubscribeEvent(identity: identity, channel: "chat:\"tea\"", data: data, isAllowed: false, context: context)
        #expect(text(HookRequest(subscribe, isBinary: false)) == start + #","channel":"chat:\"tea\"","data":[1]}"#)
        let publish = PublishEvent(identity: identity, channel: "chat", data: data, isAllowed: false, context: context)
        #expect(text(HookRequest(publish, isBinary: false), meta: true) == start + #","channel":"chat","data":[1],"meta":{"plan":"gold"}}"#)
        let call = CallEvent(identity: identity, method: "sum", data: data, context: context)
        #expect(text(HookRequest(call, isBinary: false)) == start + #","method":"sum","data":[1]}"#)
        let bare = CallEvent(identity: identity, method: "", data: ByteBuffer(), context: context)
        #expect(text(HookRequest(bare, isBinary: false)) == start + "}")
        #expect(text(HookRequest(RefreshEvent(identity: identity, context: context), isBinary: false)) == start + "}")
        let again = SubscriptionRefreshEvent(identity: identity, channel: "chat", context: context)
        #expect(text(HookRequest(again, isBinary: false)) == start + #","channel":"chat"}"#)
    }

    @Test("in binary, payloads are base64; and so is what is no JSON in any case")
    func binary() {
        let publish = PublishEvent(identity: identity, channel: "a", data: ByteBuffer(bytes: [0, 255]), isAllowed: false, context: context)
        let end = #""user":"42","channel":"a","b64data":"AP8="}"#
        #expect(text(HookRequest(publish, isBinary: true)).hasSuffix(#""encoding":"binary","# + end))
        #expect(text(HookRequest(publish, isBinary: false)).hasSuffix(#""encoding":"json","# + end))
    }
}

@Suite("Fields of questions to backends")
struct HookFieldTests {
    private func fields(_ change: (inout HookEndpoint, inout ClientContext) -> Void) -> [String: [String]] {
        var endpoint = HookEndpoint(url: "http://localhost")
        var context = ClientContext()
        change(&endpoint, &context)
        return Dictionary(grouping: endpoint.fields(context), by: { $0.name.lowercased() }).mapValues { $0.map(\.value) }
    }

    @Test("none of the client's, unless they are named")
    func none() {
        let fields = fields { _, context in
            context.requestFields = [RequestField(name: "cookie", value: "a=1")]
            context.headers = ["Authorization": "Bearer x"]
        }
        #expect(fields == ["content-type": ["application/json"], "accept": ["application/json"]])
    }

    @Test("the request's before the client's word, and that before what is always said")
    func order() {
        let fields = fields { endpoint, context in
            endpoint.staticFields = ["X-Key": "k", "Authorization": "static", "Cookie": "static"]
            endpoint.emulatedFields = ["authorization", "cookie"]
            endpoint.requestFields = ["cookie", "x-absent"]
            context.headers = ["Authorization": "Bearer x", "cookie": "claimed=1", "X-Other": "no"]
            context.requestFields = [RequestField(name: "cookie", value: "a=1"), RequestField(name: "cookie", value: "b=2")]
        }
        #expect(fields["x-key"] == ["k"])
        #expect(fields["authorization"] == ["Bearer x"])
        #expect(fields["cookie"] == ["a=1", "b=2"])
        #expect(fields["x-absent"] == nil)
        #expect(fields["x-other"] == nil)
    }

    @Test(
        "nothing that a client says can end a line or change how the request is framed",
        arguments: [
            ("X-A", "a\r\nX-B: 1"), ("X-A\r\nX-B", "1"), ("X-A", "\u{0}"), ("X A", "1"), ("", "1"), ("Content-Length", "0"),
            ("Host", "evil"),
            ("Transfer-Encoding", "chunked"), ("Content-Type", "text/html"), ("X-A", String(repeating: "a", count: 8_193)),
        ])
    func hostile(name: String, value: String) {
        let fields = fields { endpoint, context in
            endpoint.emulatedFields = [name.lowercased()]
            endpoint.requestFields = [name.lowercased()]
            context.headers = [name: value]
            context.requestFields = [RequestField(name: name.lowercased(), value: value)]
        }
        #expect(fields == ["content-type": ["application/json"], "accept": ["application/json"]])
    }
}
