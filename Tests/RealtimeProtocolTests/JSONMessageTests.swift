// The messages in JSON: how they are framed, what their fields may be, and their limits (protocol §1.1; A2, A13).

import NIOCore
import RealtimeProtocol
import Testing

@Suite("Messages in JSON: protocol §1.1")
struct JSONMessageTests {
    private static let ping = Wire.Command(id: 1, body: .ping(Wire.PingRequest()))

    @Test("a newline between messages, and perhaps one at the end")
    func framing() throws {
        let message = #"{"id":1,"ping":{}}"#
        #expect(try commands(message) == [Self.ping])
        #expect(try commands(message + "\n") == [Self.ping])
        #expect(try commands(message + "\n" + message) == [Self.ping, Self.ping])
        #expect(try commands(message + " \r\n\t" + message + "\r\n") == [Self.ping, Self.ping])
        #expect(try commands("{}\n{}\n{}") == [Wire.Command(), Wire.Command(), Wire.Command()])
        expectFault("", "empty", .empty)
        expectFault(message + message, "after the message")
        expectFault(message + ",", "after the message")
        expectFault(message + "\n\n" + message, "empty line")
        expectFault(message + "\n\n", "empty line")
        expectFault("\n" + message, "another type")
        expectFault("\n", "another type")
        expectFault(message + "\n1", "another type")
        expectFault("[\(message)]", "another type")
        // A newline inside a message would be one between two.
        for broken in ["{\n}", "{\"id\":\n1}", "{\"id\":1\n}", "{\"id\":1,\n\"ping\":{}}", "{\"send\":{\"data\":[1,\n2]}}"] {
            #expect(throws: Wire.DecodingError.self) { try commands(broken) }
        }
    }

    @Test("whitespace anywhere else")
    func whitespace() throws {
        let read = try commands(" { \"id\" : 1 ,\t\"publish\" : { \"channel\" : \"a\" , \"data\" : [ 1 , { \"b\" : 2 } ] } } ")
        #expect(read == [Wire.Command(id: 1, body: .publish(Wire.PublishRequest(channel: "a", data: .text(#"[1,{"b":2}]"#))))])
    }

    @Test("no beginning of a message is a message")
    func everyPrefix() throws {
        let message =
            #"{"id":12,"subscribe":{"channel":"a\u00e9","data":{"x":[true,-1.5e3]},"tf":{"op":"and","nodes":[{"key":"a","vals":["b"]}]}}}"#
        let bytes = Array(message.utf8)
        for count in 0..<bytes.count {
            #expect(throws: Wire.DecodingError.self) { try commands(.json, ByteBuffer(bytes: bytes.prefix(count))) }
        }
        #expect(try commands(message).count == 1)
    }

    @Test("unknown fields are passed over, and still have to be JSON")
    func unknownFields() throws {
        #expect(try commands(#"{"new":[{"id":2}],"id":1,"Id":3,"ping":{"x":{}},"":null}"#) == [Self.ping])
        expectFault(#"{"new":[1,],"id":1}"#, "§2")
        expectFault(#"{"new":"\ud800"}"#, "§8.2")
        // Twice is nothing to us: we remember no names but ours.
        #expect(try commands(#"{"new":1,"new":2,"id":1,"ping":{}}"#) == [Self.ping])
    }

    @Test("commands are a closed set: no other name does anything (A13)")
    func closedSet() throws {
        for name in ["Connect", "CONNECT", "connect ", "subRefresh", "push", "error", "eval", "__proto__", "body", "exec"] {
            #expect(try commands(#"{"id":1,""# + name + #"":{"channel":"a"}}"#) == [Wire.Command(id: 1)])
        }
    }

    @Test("a name of ours given twice, or written with escapes")
    func duplicates() throws {
        expectFault(#"{"id":1,"id":1}"#, "twice")
        expectFault(#"{"id":1,"id":null}"#, "twice")
        expectFault(#"{"publish":{"channel":"a","channel":"b"}}"#, "twice")
        expectFault(#"{"ping":{},"ping":{}}"#, "twice")
        expectFault(#"{"connect":{"headers":{"a":"1","a":"2"}}}"#, "twice")
        expectFault(#"{"connect":{"headers":{"a":"1","\u0061":"2"}}}"#, "twice")
        expectFault(#"{"\u0069d":1}"#, "escape")
        expectFault(#"{"ping":{},"send":{}}"#, "more than one body")
        // In one message, not in two.
        #expect(try commands(#"{"id":1,"send":{"data":1}}"# + "\n" + #"{"id":1,"send":{"data":1}}"#).count == 2)
        #expect(try commands(#"{"connect":{"subs":{"a":{"token":"1"},"b":{"token":"2"}}}}"#).count == 1)
    }

    @Test("null is the same as nothing, except for a payload")
    func null() throws {
        #expect(try commands(#"{"id":null,"ping":null}"#) == [Wire.Command()])
        #expect(try commands(#"{"id":1,"subscribe":null,"ping":{}}"#) == [Self.ping])
        #expect(
            try commands(#"{"connect":{"token":null,"data":null,"subs":null,"headers":null,"flag":null}}"#) == [
                Wire.Command(body: .connect(Wire.ConnectRequest(data: .text("null"))))
            ])
        #expect(
            try commands(#"{"history":{"since":null,"reverse":null}}"#) == [Wire.Command(body: .history(Wire.HistoryRequest()))])
        #expect(throws: Wire.DecodingError.self) { try commands(#"{"ping":nul}"#) }
        #expect(throws: Wire.DecodingError.self) { try commands(#"{"ping":nulll}"#) }
    }

    @Test("integers: all that the field can hold, and nothing else")
    func integers() throws {
        func id(_ text: String) throws -> UInt32? { try commands(#"{"id":"# + text + "}").first?.id }
        #expect(try id("0") == 0)
        #expect(try id("-0") == 0)
        #expect(try id("4294967295") == .max)
        for text in ["4294967296", "-1", "18446744073709551616", "1e400", "1e0", "1.0", "99999999999999999999999999"] {
            expectFault(#"{"id":"# + text + "}", "cannot hold")
        }
        for text in ["01", "-"] { expectFault(#"{"id":"# + text + "}", "§6") }
        for text in ["\"1\"", "true", "{}", "[]", "x", "+1"] { expectFault(#"{"id":"# + text + "}", "another type") }

        func history(_ text: String) throws -> Wire.HistoryRequest? {
            guard case .history(let request)? = try commands(#"{"history":"# + text + "}").first?.body else { return nil }
            return request
        }
        #expect(try history(#"{"limit":-2147483648}"#)?.limit == .min)
        #expect(try history(#"{"limit":2147483647}"#)?.limit == .max)
        #expect(try history(#"{"since":{"offset":18446744073709551615}}"#)?.since?.offset == .max)
        expectFault(#"{"history":{"limit":2147483648}}"#, "cannot hold")
        expectFault(#"{"history":{"limit":-2147483649}}"#, "cannot hold")
        expectFault(#"{"history":{"since":{"offset":-1}}}"#, "cannot hold")
        guard case .connect(let low)? = try commands(#"{"connect":{"flag":-9223372036854775808}}"#).first?.body else {
            Issue.record("no connect")
            return
        }
        #expect(low.flag == .min)
        expectFault(#"{"connect":{"flag":9223372036854775808}}"#, "cannot hold")
        expectFault(#"{"connect":{"flag":-9223372036854775809}}"#, "cannot hold")
    }

    @Test("every field refuses a value of another type")
    func wrongTypes() {
        for value in ["1", "true", "[]", "{}"] { expectFault(#"{"publish":{"channel":"# + value + "}}", "another type") }
        for value in ["1", "\"a\"", "[]", "{}"] { expectFault(#"{"history":{"reverse":"# + value + "}}", "another type") }
        for value in ["1", "\"a\"", "[]", "true"] { expectFault(#"{"publish":"# + value + "}", "another type") }
        for value in ["1", "\"a\"", "{}", "[1]", "[null]"] {
            expectFault(#"{"subscribe":{"tf":{"vals":"# + value + "}}}", "another type")
            expectFault(#"{"subscribe":{"tf":{"nodes":"# + value + "}}}", "another type")
        }
        for value in ["1", "[]", #"{"a":1}"#, "{1:2}"] { expectFault(#"{"connect":{"headers":"# + value + "}}", "another type") }
    }

    @Test("strings: what they stand for")
    func strings() throws {
        func channel(_ text: String) throws -> String? {
            guard case .publish(let request)? = try commands(#"{"publish":{"channel":""# + text + #""}}"#).first?.body else { return nil }
            return request.channel
        }
        #expect(try channel(#"a\"\\\/\b\f\n\r\tz"#) == "a\"\\/\u{8}\u{c}\n\r\tz")
        #expect(try channel(#"\u0041\u00e9\u20AC\ud83D\uDE00"#) == "Aé€😀")
        #expect(try channel("grüße 😀 with more than fifteen bytes") == "grüße 😀 with more than fifteen bytes")
        // A NUL is a character as any other here; which channels exist is for the hub to say.
        #expect(try channel(#"a\u0000b"#) == "a\u{0}b")
    }

    @Test("limits: elements, lengths, depth")
    func limits() throws {
        let few = Wire.Limits(maxElements: 8)
        #expect(try commands(#"{"id":1,"subscribe":{"tf":{"vals":["a","b","c","d"]}}}"#, limits: few).count == 1)
        expectFault(#"{"id":1,"subscribe":{"tf":{"vals":["a","b","c","d","e"]}}}"#, "too many", .overLimit, limits: few)
        expectFault(#"{"connect":{"headers":{"1":"","2":"","3":"","4":"","5":"","6":"","7":""}}}"#, "too many", .overLimit, limits: few)
        expectFault(#"{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0}"#, "too many", .overLimit, limits: few)
        let many = (0..<1_000_000).map { "\"\($0)\":0" }.joined(separator: ",")
        expectFault("{\(many)}", "too many", .overLimit)
        // Each message of a batch has its own allowance; a payload is not counted.
        #expect(try commands(String(repeating: #"{"id":1,"ping":{}}"# + "\n", count: 100), limits: few).count == 100)
        #expect(try commands("{\"send\":{\"data\":{\(many)}}}", limits: few).count == 1)

        let short = Wire.Limits(maxStringLength: 4)
        #expect(try commands(#"{"publish":{"channel":"abcd","data":"abcdefgh"}}"#, limits: short).count == 1)
        expectFault(#"{"publish":{"channel":"abcde"}}"#, "too long", .overLimit, limits: short)
        expectFault(#"{"connect":{"headers":{"abcde":""}}}"#, "too long", .overLimit, limits: short)

        let flat = Wire.Limits(maxDepth: 3)
        #expect(try commands(#"{"subscribe":{"tf":{"op":"not"},"data":[[[1]]]}}"#, limits: flat).count == 1)
        expectFault(#"{"subscribe":{"tf":{"nodes":[{}]}}}"#, "deeply", .overLimit, limits: flat)
        expectFault(#"{"subscribe":{"data":[[[[1]]]]}}"#, "deeply", .overLimit, limits: flat)
        expectFault(#"{"subscribe":{"unknown":[[1]]}}"#, "deeply", .overLimit, limits: flat)
        #expect(Wire.Limits(maxDepth: 0).maxDepth == 1)
        #expect(Wire.Limits(maxDepth: .max).maxDepth == 64)
        var changed = Wire.Limits()
        changed.maxDepth = 1_000
        #expect(changed.maxDepth == 64)
    }

    @Test("filters nest as far as the limit of depth lets them, two levels a node")
    func filterDepth() throws {
        func filter(_ depth: Int) -> String {
            #"{"subscribe":{"tf":"# + String(repeating: #"{"nodes":["#, count: depth) + "{}" + String(repeating: "]}", count: depth) + "}}"
        }
        #expect(try commands(filter(14)).count == 1)
        expectFault(filter(16), "deeply", .overLimit)
        expectFault(filter(100_000), "deeply", .overLimit)
    }

    @Test("a payload is a slice of the batch, without a copy")
    func slices() throws {
        let batch = ByteBuffer(string: #"{"send":{"data":{"a":1}}}"#)
        guard case .send(let request)? = try commands(.json, batch).first?.body else {
            Issue.record("no send")
            return
        }
        #expect(request.data == .text(#"{"a":1}"#))
        let places = [batch, request.data].map { buffer in buffer.withUnsafeReadableBytes { UInt(bitPattern: $0.baseAddress) } }
        #expect(places[1] == places[0] + 16)
    }

    @Test("a batch whose reader index is not 0, and offsets of errors in it")
    func movedReaderIndex() throws {
        var batch = ByteBuffer(string: #"garbage{"id":1,"send":{"data":[1]}}"# + "\n{]")
        batch.moveReaderIndex(forwardBy: 7)
        var reader = CommandReader(.json, batch)
        #expect(try reader.next() == Wire.Command(id: 1, body: .send(Wire.SendRequest(data: .text("[1]")))))
        let error = #expect(throws: Wire.DecodingError.self) { try reader.next() }
        #expect(error?.offset == 30)
        #expect(error?.description.hasSuffix("(byte 30)") == true)
    }

    @Test("a payload that is not JSON is not written, and leaves the batch as it was")
    func notJSON() throws {
        for payload: [UInt8] in [[0xff], [], Array("{".utf8), Array("{}\n{}".utf8), Array("{}}".utf8), [0x22, 0x0a, 0x22]]
        where !payload.isEmpty {
            let push = Wire.Push(channel: "a", body: .publication(Wire.Publication(data: ByteBuffer(bytes: payload))))
            var batch = ByteBuffer(string: "{}")
            let error = #expect(throws: Wire.EncodingError.self) { try Wire.write(push, as: .json, to: &batch) }
            #expect(error?.disconnectCode == .inappropriateProtocol)
            #expect(batch == .text("{}"))
            try Wire.write(push, as: .protobuf, to: &batch)
        }
    }

    @Test("a payload with whitespace is written without")
    func compacted() throws {
        let push = Wire.Push(channel: "a", body: .message(Wire.Message(data: .text("{\n \"a\": \" \\n \"\n}"))))
        #expect(String(buffer: try batch(.json, [push])) == #"{"channel":"a","message":{"data":{"a":" \n "}}}"#)
    }

    @Test("numbers as they are written")
    func writtenNumbers() throws {
        for number: Int64 in [1, -1, 9, 10, 99, 100, -100, .max, .min, 12_345_678_901] {
            let push = Wire.Push(id: number)
            #expect(String(buffer: try batch(.json, [push])) == "{\"id\":\(number)}")
            #expect(try pushes(.json, try batch(.json, [push])) == [push])
        }
        let top = Wire.Push(body: .subscribe(Wire.Subscribe(offset: .max)))
        #expect(String(buffer: try batch(.json, [top])) == #"{"subscribe":{"offset":18446744073709551615}}"#)
    }

    @Test("text is escaped where it must be, however long")
    func writtenText() throws {
        let text = String(repeating: "\u{1}\"\\é😀\n", count: 1_000)
        let reply = Wire.Reply(id: 1, error: Wire.ErrorReply(code: 400, message: text, temporary: true))
        #expect(try replies(.json, try batch(.json, [reply])) == [reply])
        #expect(
            try json(Wire.Reply(error: Wire.ErrorReply(code: 1, message: "a\"\u{1f}\t")))
                == #"{"error":{"code":1,"message":"a\"\u001f\t"}}"#)
    }

    @Test("the requests that are no commands")
    func requests() throws {
        let connect = Wire.ConnectRequest(token: "t", subs: ["a": Wire.SubscribeRequest(recover: true)])
        #expect(try Wire.connectRequest(json: try Wire.json(connect)) == connect)
        #expect(try Wire.connectRequest(json: .text("{}")) == Wire.ConnectRequest())
        for text in ["", "{}\n{}", "[]", "{"] {
            #expect(throws: Wire.DecodingError.self) { try Wire.connectRequest(json: .text(text)) }
        }
        let emulation = Wire.EmulationRequest(node: "n", session: "s", data: .text("{\"id\":1}\n{}"))
        #expect(String(buffer: try Wire.body(emulation, as: .json)) == #"{"node":"n","session":"s","data":"{\"id\":1}\n{}"}"#)
        for format in [WireFormat.json, .protobuf] {
            #expect(try Wire.emulationRequest(format, try Wire.body(emulation, as: format)) == emulation)
        }
        let binary = Wire.EmulationRequest(node: "n", session: "s", data: ByteBuffer(bytes: [0xff, 0]))
        #expect(throws: Wire.EncodingError.self) { try Wire.body(binary, as: .json) }
        #expect(try Wire.emulationRequest(.protobuf, try Wire.body(binary, as: .protobuf)) == binary)
        #expect(try Wire.emulationRequest(.protobuf, ByteBuffer()) == Wire.EmulationRequest())
    }
}
