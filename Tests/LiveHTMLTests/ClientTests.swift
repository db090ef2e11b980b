// What a reader must hold: Docs/live-protocol.md §7.

import LiveHTML
import Testing

@Suite("A client refuses what is not the protocol: live protocol §7")
struct ClientTests {
    struct Fixture {
        let view: RenderedView
        let client: ClientView

        init() throws {
            var view = RenderedView(cache: TemplateCache())
            let html = Self.page("a", [1, 2, 3])
            _ = try view.update(html)
            var client = ClientView()
            try client.receive(view.templates())
            try client.receive(try view.tree(html))
            self.view = view
            self.client = client
        }

        /// Cells: text, markup of template 1 with an attribute of two values, rows of template 2, whole attribute, a view.
        static func page(_ text: String, _ ids: [Int]) -> HTML {
            let tip: String? = text
            let inner: HTML = "<b class=\"\(text) \(1)\">x</b>"
            return "<p>\(text) \(inner)</p><ul>\(each: ids, key: { $0 }, { "<li>\($0)</li>" })</ul><i title=\(tip)>\(view: 0)</i>"
        }

        func refuse(_ message: String, _ error: ClientError, at location: SourceLocation = #_sourceLocation) {
            var after = client
            #expect(throws: error, sourceLocation: location) { try after.receive(Array(message.utf8)) }
            #expect(after == client, sourceLocation: location)
        }

        func refuse(binary message: [UInt8], _ error: ClientError, at location: SourceLocation = #_sourceLocation) {
            var after = client
            #expect(throws: error, sourceLocation: location) { try after.receive(binary: message) }
            #expect(after == client, sourceLocation: location)
        }

        func accept(_ message: String, at location: SourceLocation = #_sourceLocation) throws {
            var after = client
            try after.receive(Array(message.utf8))
            #expect(after != client, sourceLocation: location)
        }
    }

    @Test(
        "what is no JSON of the protocol",
        arguments: [
            "[", "{}", "1", "[1,0,\"a\"", "[1,0,\"a]", "[1,0,\"\\x\"]", "[1,0,\"\u{1}\"]", "[1,0,\"\\ud800\"]", "[1,0,tru]", "[1 ,0,1]",
            "[1,0,1.5]", "[1,0,1e3]",
            "[1,0,99999999999999999999]", "[1,0,-]", "[1,0]", "[1]", "[]", "[null]", "[\"x\"]", "[\"t\",0,[]]", "[\"t\",0,[1,\"f\",\"h\"]]",
            "[\"t\",0,[1,2,3,4]]",
            "[\"t\",0,[9,\"f\",\"h\",[5]]]", "[\"t\",0,[9,\"f\",\"h\",[[\"a\",\"b\"]]]]", "[\"j\",0]", "[\"j\",0,1,{\"0\":[]},3]",
            "[1,2,[]]", "[1,2,[0]]", "[1,2,[\"-\",0]]", "[1,2,[\"?\",0]]",
            "[1,1,[]]",
        ])
    func syntax(message: String) throws { try Fixture().refuse(message, .syntax) }

    @Test("each mistake has its name")
    func named() throws {
        let fixture = try Fixture()
        try fixture.accept("[1,0,\"b\",1,[0,[\"x\",\"y\"]],2,[0,[0,5],\"-\",1,1,\">\",0,1,1,\"=\",[[1,-2]],\"+\",2,[2,[7]]],3,null,4,9]")
        fixture.refuse("[1,0,1]]", .rest)
        fixture.refuse("[2,0,1]", .sequence)
        fixture.refuse("[0,0,1]", .sequence)
        fixture.refuse("[\"p\",1,1,0,1]", .view)
        fixture.refuse("[1,5,1]", .cell)
        fixture.refuse("[1,-1,1]", .cell)
        fixture.refuse("[1,\"0\",1]", .cell)
        fixture.refuse("[1,0,null]", .value)
        fixture.refuse("[1,0,[1]]", .value)
        fixture.refuse("[1,1,[0,\"x\"]]", .value)
        fixture.refuse("[1,1,[0,[\"x\"]]]", .value)
        fixture.refuse("[1,1,{\"9\":[]}]", .template)
        fixture.refuse("[1,1,{\"1\":[]}]", .cell)
        fixture.refuse("[1,1,{\"x\":[]}]", .value)
        fixture.refuse("[1,1,5]", .value)
        fixture.refuse("[1,2,{\"1\":[]}]", .value)
        fixture.refuse("[1,3,{}]", .syntax)
        fixture.refuse("[1,4,-1]", .value)
        fixture.refuse("[1,4,\"1\"]", .value)
    }

    @Test("operations on rows that are not there")
    func rows() throws {
        let fixture = try Fixture()
        for operation in [
            "3,[0,1]", "-1,[0,1]", "\"-\",3,1", "\"-\",2,2", "\"-\",0,0", "\"-\",-1,1", "\"-\",0,9223372036854775807", "\">\",0,3,1",
            "\">\",0,-1,1",
            "\">\",2,0,2", "\"+\",4,[2,[1]]", "\"+\",-1,[2,[1]]", "\"-\",9223372036854775807,9223372036854775807", "\"-\",0,3,0,[0,1]",
        ] { fixture.refuse("[1,2,[\(operation)]]", .row) }
        for order in [
            "[]", "[0,1]", "[0,1,1]", "[0,1,3]", "[[0,4]]", "[[0,2],1]", "[[2,-4]]", "[[0,0],0,1,2]", "[[0,9223372036854775807]]",
            "[[0,-9223372036854775808]]", "[[0]]", "[\"0\"]",
        ] {
            fixture.refuse("[1,2,[\"=\",\(order)]]", .order)
        }
        fixture.refuse("[1,2,[\"+\",0,[[1]]]]", .value)
        fixture.refuse("[1,2,[\"+\",0,[9,[1]]]]", .template)
        fixture.refuse("[1,2,[\"+\",0,[2,[1,2]]]]", .cell)
    }

    @Test("bytes")
    func bytes() throws {
        let fixture = try Fixture()
        fixture.refuse(binary: [3, 0, 1, 1, 3, 0x61], .syntax)
        fixture.refuse(binary: [1, 1, 1, 1, 3, 0x61], .view)
        fixture.refuse(binary: [1, 0, 2, 1, 3, 0x61], .sequence)
        fixture.refuse(binary: [1, 0, 1], .syntax)
        fixture.refuse(binary: [1, 0, 1, 6, 3, 0x61], .cell)
        fixture.refuse(binary: [1, 0, 1, 1, 0], .value)
        fixture.refuse(binary: [1, 0, 1, 1, 1], .value)
        fixture.refuse(binary: [1, 0, 1, 1, 4, 0x61], .syntax)
        fixture.refuse(binary: [1, 0, 1, 1, 3, 0xff], .syntax)
        fixture.refuse(binary: [1, 0, 1] + Array(repeating: 0xff, count: 10), .syntax)
        fixture.refuse(binary: [1, 0, 1, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], .syntax)
        fixture.refuse(binary: [1, 0, 1, 2, 1, 0], .syntax)
        fixture.refuse(binary: [1, 0, 1, 2, 9], .template)
        fixture.refuse(binary: [1, 0, 1, 3, 0], .syntax)
        fixture.refuse(binary: [1, 0, 1, 3, 8, 1, 1, 3, 0x61, 0, 0], .row)
        fixture.refuse(binary: [1, 0, 1, 3, 1, 0, 9, 0], .row)
        fixture.refuse(binary: [1, 0, 1, 3, 3, 1, 0, 4, 0], .order)
        fixture.refuse(binary: [1, 0, 1, 3, 3, 0xff, 0xff, 0xff, 0xff, 0x7f], .syntax)
        fixture.refuse(binary: [2, 0, 0, 2, 3, 0x61], .syntax)
        fixture.refuse(binary: [2, 0, 0, 2, 3, 0x61, 1], .value)
    }

    @Test("a patch without a tree, and messages for another view")
    func early() throws {
        var client = ClientView()
        #expect(throws: ClientError.missing) { try client.receive(Array("[1,0,1]".utf8)) }
        #expect(throws: ClientError.missing) { try client.receive(binary: [1, 0, 1, 1, 3, 0x61]) }
        #expect(throws: ClientError.view) { try client.receive(Array("[\"t\",1]".utf8)) }
        var other = ClientView(number: 2)
        #expect(throws: ClientError.view) { try other.receive(Array("[1,0,1]".utf8)) }
        #expect(client.html == "")
    }

    @Test("depth has an end")
    func depth() throws {
        let fixture = try Fixture()
        fixture.refuse("[1,0," + String(repeating: "[", count: 5000), .depth)
        // Template 0 can't be inside itself here, so one that can is sent first.
        var client = fixture.client
        try client.receive(Array("[\"t\",0,[7,\"f\",\"<b><!--0--></b>\",[1]]]".utf8))
        let deep = String(repeating: "{\"7\":[", count: 300) + "null" + String(repeating: "]}", count: 300)
        #expect(throws: ClientError.depth) { try client.receive(Array("[\"j\",0,0,\(deep)]".utf8)) }
        #expect(throws: ClientError.depth) { try client.receive(binary: [2, 0, 0] + Array(repeating: 9, count: 300) + [0]) }
    }

    @Test("any byte of a message changed: a value or an error, and never a trap", arguments: PatchFormat.allCases)
    func everyByte(format: PatchFormat) throws {
        let fixture = try Fixture()
        var view = fixture.view
        let patch = try view.update(Fixture.page("b\"", [3, 4, 1]), as: format).patch
        let tree = try view.tree(Fixture.page("b\"", [3, 4, 1]), as: format)
        for message in [patch, tree] {
            for index in message.indices {
                for byte in UInt8.min...UInt8.max {
                    var changed = message
                    changed[index] = byte
                    var client = fixture.client
                    do {
                        if format == .json { try client.receive(changed) } else { try client.receive(binary: changed) }
                        _ = client.html
                    } catch { #expect(client == fixture.client) }
                }
                var client = fixture.client
                #expect(throws: ClientError.self) {
                    if format == .json {
                        try client.receive(Array(message[..<index]) + [0])
                    } else {
                        try client.receive(binary: Array(message[..<index]) + [255])
                    }
                }
            }
        }
    }
}
