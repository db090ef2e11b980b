import LiveViews
import NIOCore
import RealtimeProtocol
import Testing

@Suite("What a browser says")
struct ClientMessageTests {
    private func message(_ text: String) throws -> ClientMessage { try ClientMessage(ByteBuffer(string: text)) }

    @Test("a join")
    func join() throws {
        guard case .join("seal", "hash", ["a", "b"]) = try message(#"["join","seal","hash",["a","b","a"]]"#) else {
            Issue.record("no join")
            return
        }
        guard case .join("", "", []) = try message(#" [ "join" , "" , "" , [ ] ] "#) else {
            Issue.record("no join")
            return
        }
    }

    @Test("an event, with a value or without")
    func event() throws {
        guard case .event(ref: 1, view: 0, "add", nil) = try message(#"[1,0,"add"]"#) else {
            Issue.record("no event")
            return
        }
        guard case .event(ref: 7, view: 3, "text:$", let value?) = try message(#"[7,3,"text:$",{"a":[1,null]}]"#) else {
            Issue.record("no event")
            return
        }
        #expect(String(buffer: value.text) == #"{"a":[1,null]}"#)
    }

    @Test("a request for the tree, an address")
    func others() throws {
        guard case .full(view: 2) = try message(#"["full",2]"#) else {
            Issue.record("no request")
            return
        }
        guard case .navigated(ref: 3, url: "/a?b") = try message(#"["nav",3,"/a?b"]"#) else {
            Issue.record("no address")
            return
        }
    }

    @Test("what is no JSON")
    func notJSON() {
        for text in [
            "", "[", "[1,0,\"add\"]x", "{", "[1,0,'add']", "[1,0,add]", "\u{feff}[]", "[1,0,\"a\u{1}\"]",
            String(repeating: "[", count: 100_000),
        ] {
            #expect(throws: ClientMessage.Fault.notJSON, "\(text.prefix(20))") { try message(text) }
        }
        #expect(throws: ClientMessage.Fault.notJSON) { try ClientMessage(ByteBuffer(bytes: [0x5b, 0x22, 0xff, 0x22, 0x5d])) }
        let deep = String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        #expect(throws: ClientMessage.Fault.notJSON) { try message("[1,0,\"add\",\(deep)]") }
    }

    @Test("what is no message")
    func unknown() {
        for text in [
            "[]", "{}", "1", "null", "\"join\"", #"["leave"]"#, #"[null,0,"add"]"#, #"[[1],0,"add"]"#, #"[1.5,0,"add"]"#, #"[true]"#,
        ] {
            #expect(throws: ClientMessage.Fault.unknown, "\(text)") { try message(text) }
        }
    }

    @Test("a message with values that it can't have")
    func badValues() {
        let many = (0...4_096).map { "\"\($0)\"" }.joined(separator: ",")
        let texts = [
            #"[0,0,"add"]"#, #"[-1,0,"add"]"#, #"[1,-1,"add"]"#, #"[1,0]"#, #"[1]"#, #"[1,0,"add",1,2]"#, #"[1,"0","add"]"#, #"[1,0,2]"#,
            #"["join"]"#, #"["join","s","h"]"#, #"["join","s","h",[],1]"#, #"["join",1,"h",[]]"#, #"["join","s",null,[]]"#,
            #"["join","s","h","a"]"#,
            #"["join","s","h",[1]]"#, "[\"join\",\"s\",\"h\",[\(many)]]", #"["full"]"#, #"["full",-1]"#, #"["full","0"]"#, #"["full",0,0]"#,
            #"["nav",1]"#, #"["nav","1","/"]"#, #"["nav",1,2]"#, #"["nav",1,"/",0]"#,
        ]
        for text in texts { #expect(throws: ClientMessage.Fault.badValue, "\(text.prefix(40))") { try message(text) } }
    }
}
