// Trees, patches and shapes as they travel: Docs/live-protocol.md §3, §4 and §6.

import LiveHTML
import Testing

@Suite("Messages: live protocol §3, §4, §6")
struct PatchTests {
    static func rows(_ ids: [Int], _ name: (Int) -> String = { "n\($0)" }) -> [HTML.Row] { ids.map { HTML.Row(id: $0, name: name($0)) } }
    static func list(_ rows: [HTML.Row]) -> HTML { "<ul>\(each: rows, { "<li>\($0.name)</li>" })</ul>" }

    private func tree(_ html: HTML, _ format: PatchFormat = .json) throws -> [UInt8] {
        var view = RenderedView(cache: TemplateCache())
        _ = try view.update(html)
        return try view.tree(html, as: format)
    }
    private func shape(_ html: HTML) throws -> String {
        var view = RenderedView(cache: TemplateCache())
        _ = try view.update(html)
        return String(decoding: view.shape(), as: UTF8.self)
    }

    let none: String? = nil, text = "t", isOn = true, inner: HTML = "<b>\(1)</b>"

    @Test("a tree has all values")
    func trees() throws {
        let html: HTML =
            "<p class=\"\(text) \(2)\" title=\(none) hidden=\(isOn)>\(text)\(inner)\(nil as HTML?)\(unsafeRaw: "<i>")\(view: 4)\("x\"\n\u{1}" as String)</p>"
        #expect(
            try String(decoding: tree(html), as: UTF8.self)
                == #"["j",0,0,{"0":[["t",2],false,true,"t",{"1":[1]},null,"<i>",4,"x\"\n\u0001"]}]"#)
        #expect(try String(decoding: tree(Self.list(Self.rows([1, 2]))), as: UTF8.self) == #"["j",0,0,{"0":[[1,["n1"],["n2"]]]}]"#)
        #expect(try String(decoding: tree(Self.list([])), as: UTF8.self) == #"["j",0,0,{"0":[[]]}]"#)
        let mixed: HTML = "<p>\(each: [1, 2, 3, 4], key: { $0 }, { $0 < 3 ? "<b>\($0)</b>" : "<i>\([$0].map { "\($0)" })</i>" })</p>"
        #expect(
            try String(decoding: tree(mixed), as: UTF8.self)
                == #"["j",0,0,{"0":[[1,[1],[2],2,[[3,[3]]],[[3,[4]]]]]}]"#)
    }

    @Test("a number that a browser can't hold is a string")
    func numbers() throws {
        let numbers = [1 << 53, 1 << 53 + 1, Int.max, Int.min, -1]
        let html: HTML = "<p>\(numbers[0])\(numbers[1])\(numbers[2])\(numbers[3])\(numbers[4])</p>"
        #expect(
            try String(decoding: tree(html), as: UTF8.self)
                == #"["j",0,0,{"0":[9007199254740992,"9007199254740993","9223372036854775807","-9223372036854775808",-1]}]"#)
    }

    @Test("a patch has what changed")
    func values() throws {
        var pair = Pair()
        func page(_ a: String, _ b: Int, _ c: String?, _ d: Bool) -> HTML {
            "<p class=\"\(a) x \(b)\" title=\(c) hidden=\(d)>\(a)\(b)</p><title>\(b) \(a)</title><i id=\"\(b)\"></i>"
        }
        try pair.show(page("a", 1, nil, true))
        #expect(try pair.patch(page("a", 2, nil, true)) == #"[1,0,["a",2],4,2,5,[2,"a"],6,2]"#)
        #expect(try pair.patch(page("a", 2, "<t>", false)) == #"[2,1,"<t>",2,false]"#)
        #expect(try pair.patch(page("b", 2, "", false)) == #"[3,0,["b",2],1,"",3,"b",5,[2,"b"]]"#)
        #expect(try pair.patch(page("b", 2, nil, true)) == #"[4,1,false,2,true]"#)
        #expect(try pair.patch(page("b", 2, nil, true)) == "")
    }

    @Test("markup: a patch of what is there, something else, nothing")
    func markup() throws {
        var pair = Pair()
        func page(_ inner: HTML?) -> HTML { "<p>\(inner)</p>" }
        func bold(_ number: Int, _ text: String) -> HTML { "<b>\(number)<i>\(text)</i></b>" }
        try pair.show(page(bold(1, "a")))
        #expect(try pair.patch(page(bold(1, "b"))) == #"[1,0,[1,"b"]]"#)
        #expect(try pair.patch(page(nil)) == #"[2,0,null]"#)
        #expect(try pair.patch(page(nil)) == "")
        #expect(try pair.patch(page(bold(2, "b"))) == #"[3,0,{"1":[2,"b"]}]"#)
        #expect(try pair.patch(page("x")) == #"[4,0,{"2":[]}]"#)
        #expect(try pair.patch(page(page(bold(3, "c")))) == #"[5,0,{"0":[{"1":[3,"c"]}]}]"#)
        #expect(try pair.patch(page(page(bold(4, "c")))) == #"[6,0,[0,[0,4]]]"#)
    }

    @Test("lists: rows that change, go, come and move")
    func lists() throws {
        var pair = Pair()
        try pair.show(Self.list(Self.rows([1, 2, 3, 4, 5, 6])))
        #expect(try pair.patch(Self.list(Self.rows([1, 2, 3, 4, 5, 6]) { $0 == 3 ? "x" : "n\($0)" })) == #"[1,0,[2,[0,"x"]]]"#)
        #expect(try pair.patch(Self.list(Self.rows([2, 3, 4, 6]))) == #"[2,0,["-",4,1,"-",0,1,1,[0,"n3"]]]"#)
        #expect(try pair.patch(Self.list(Self.rows([9, 8, 2, 3, 4, 6, 7]))) == #"[3,0,["+",0,[1,["n9"],["n8"]],"+",6,[1,["n7"]]]]"#)
        #expect(try pair.patch(Self.list(Self.rows([7, 9, 8, 2, 3, 4, 6]))) == #"[4,0,[">",6,0,1]]"#)
        #expect(try pair.patch(Self.list(Self.rows([2, 3, 4, 6, 7, 9, 8]))) == #"[5,0,[">",0,4,3]]"#)
        #expect(try pair.patch(Self.list(Self.rows([8, 9, 7, 6, 4, 3, 2]))) == #"[6,0,["=",[[6,-7]]]]"#)
        #expect(try pair.patch(Self.list([])) == #"[7,0,["-",0,7]]"#)
        #expect(try pair.patch(Self.list(Self.rows([1]))) == #"[8,0,["+",0,[1,["n1"]]]]"#)
    }

    @Test("a row that becomes another template takes the place of the one that was")
    func rowReplaced() throws {
        var pair = Pair()
        func page(_ numbers: [Int]) -> HTML {
            "<p>\(each: numbers, key: { $0 / 10 }, { $0 % 10 < 5 ? "<b>\($0)</b>" : "<i>\($0)</i>" })</p>"
        }
        try pair.show(page([1, 11, 21]))
        #expect(try pair.patch(page([1, 16, 22])) == #"[1,0,[1,{"2":[16]},2,[0,22]]]"#)
    }

    @Test("rows that have no key are known by their place")
    func positional() throws {
        var pair = Pair()
        func page(_ names: [String]) -> HTML { "<ul>\(names.map { "<li>\($0)</li>" })</ul>" }
        try pair.show(page(["a", "b"]))
        #expect(try pair.patch(page(["x", "a", "b"])) == #"[1,0,["+",2,[1,["b"]]]]"# || pair.view.sequence == 1)
        #expect(try pair.patch(page(["x"])) == #"[2,0,["-",1,2]]"#)
    }

    @Test("of equal keys the first is the first again")
    func equalKeys() throws {
        var pair = Pair()
        try pair.show(Self.list(Self.rows([1, 1, 2, 1])))
        #expect(try pair.patch(Self.list(Self.rows([1, 2, 1]))) == #"[1,0,["-",1,1]]"# || pair.view.sequence == 1)
        try pair.show(Self.list(Self.rows([2, 1, 1, 1, 1, 2])))
    }

    @Test("a view cell has the number of the view")
    func views() throws {
        var pair = Pair()
        try pair.show("<p>\(view: 0)</p>")
        func page(_ number: Int) -> HTML { "<p>\(view: number)</p>" }
        try pair.show(page(2))
        #expect(try pair.patch(page(3)).hasSuffix(#"0,3]"#))
    }

    @Test("a view that becomes another template is sent whole")
    func root() throws {
        var pair = Pair()
        try pair.show("<p>\(1)</p>")
        #expect(try pair.patch("<i>\(2)</i>") == #"["j",0,1,{"1":[2]}]"#)
    }

    @Test("messages of another view name it")
    func otherViews() throws {
        func page(_ number: Int) -> HTML { "<p>\(number)</p>" }
        var view = RenderedView(number: 3, cache: TemplateCache())
        _ = try view.update(page(1))
        #expect(String(decoding: view.templates(), as: UTF8.self).hasPrefix(#"["t",3,[0,""#))
        #expect(String(decoding: view.shape(), as: UTF8.self) == #"["b",3,0,[0]]"#)
        #expect(try String(decoding: view.tree(page(1)), as: UTF8.self) == #"["j",3,0,{"0":[1]}]"#)
        var client = ClientView(number: 3)
        try client.receive(view.templates())
        try client.receive(view.tree(page(1)))
        let patch = try view.update(page(2)).patch
        #expect(String(decoding: patch, as: UTF8.self) == #"["p",3,1,0,2]"#)
        try client.receive(patch)
        try client.receive(binary: try view.update(page(3), as: .binary).patch)
        #expect(client.html == "<p>3</p>")
    }

    @Test("bytes: a patch, a tree, and the operations of a list")
    func binary() throws {
        var pair = Pair(.binary)
        func page(_ text: String, _ isOn: Bool, _ inner: HTML?, _ ids: [Int]) -> HTML {
            "<p class=\"\(text)\" hidden=\(isOn)>\(inner)</p><ul>\(each: Self.rows(ids), { "<li>\($0.name)</li>" })</ul>\(view: 300)"
        }
        func bold(_ number: Int) -> HTML { "<b>\(number)</b>" }
        #expect(
            try tree(page("a", true, nil, [1, 2]), .binary) == [2, 0, 0, 2, 3, 0x61, 1, 0, 2, 4, 0x6e, 0x31, 2, 4, 0x6e, 0x32, 0, 0xac, 2])
        try pair.show(page("a", true, nil, [1, 2, 3]))
        #expect(try pair.show(page("bc", false, nil, [1, 2, 3])) == [1, 0, 1, 1, 4, 0x62, 0x63, 2, 0])
        #expect(try pair.show(page("bc", false, bold(-7), [1, 2, 3])) == [1, 0, 2, 3, 4, 4, 0x2d, 0x37])
        #expect(try pair.show(page("bc", false, bold(8), [1, 2, 3])) == [1, 0, 3, 3, 1, 1, 3, 0x38, 0])
        #expect(try pair.show(page("bc", false, nil, [1, 2, 3])) == [1, 0, 4, 3, 0])
        #expect(try pair.show(page("bc", false, nil, [2, 3, 4])) == [1, 0, 5, 4, 1, 0, 1, 4, 2, 2, 4, 0x6e, 0x34, 0, 0])
        #expect(try pair.show(page("bc", false, nil, [4, 2, 3])) == [1, 0, 6, 4, 2, 2, 0, 1, 0])
        #expect(try pair.show(page("bc", false, nil, [3, 2, 4])) == [1, 0, 7, 4, 3, 1, 2, 5, 0])
    }

    @Test("a shape says which templates there are")
    func shapes() throws {
        #expect(try shape("<p>\(text)</p>") == #"["b",0,0,[0]]"#)
        #expect(try shape("<p>\(inner)\(nil as HTML?)\(view: 3)\(text)</p>") == #"["b",0,0,[0,[1],0,3]]"#)
        #expect(try shape(Self.list(Self.rows([1, 2, 3]))) == #"["b",0,0,[0,[3,[1]]]]"#)
        #expect(try shape(Self.list([])) == #"["b",0,0,[0,[]]]"#)
        let mixed: HTML = "<p>\(each: [1, 2, 3, 4], key: { $0 }, { $0 < 3 ? "<b>\($0)</b>" : "<i>\($0 == 3 ? "three" : nil)</i>" })</p>"
        #expect(try shape(mixed) == #"["b",0,0,[0,[2,[1],1,[2,[3]],1,[2,0]]]]"#)
    }

    @Test("before the first render there is nothing to send")
    func nothing() throws {
        var view = RenderedView(cache: TemplateCache())
        #expect(view.shape() == [])
        #expect(view.templates() == [])
        #expect(try view.update("<p>\(1)</p>").isEmpty)
        #expect(view.sequence == 0)
    }

    @Test("after an error the view is what it was")
    func errors() throws {
        var pair = Pair()
        func page(_ number: Int, _ isBroken: Bool) -> HTML { "<p>\(number)\(isBroken ? "<b \(1)></b>" : nil)</p>" }
        try pair.show(page(1, false))
        #expect(throws: TemplateError.self) { try pair.view.update(page(2, true)) }
        #expect(try pair.patch(page(3, false)) == "[1,0,3]")
    }

    @Test("a shared view has one patch for all, whenever they came")
    func shared() throws {
        let cache = TemplateCache()
        var view = RenderedView(cache: cache)
        func page(_ number: Int) -> HTML { "<p>\(number)\(number % 2 == 0 ? "<b>even</b>" : nil)</p>" }
        var clients: [ClientView] = []
        for number in 0..<6 {
            let update = try view.update(page(number))
            for index in clients.indices {
                try clients[index].receive(update.templates)
                try clients[index].receive(update.patch)
            }
            var client = ClientView()
            try client.receive(view.templates())
            try client.receive(try view.tree(page(number)))
            clients.append(client)
        }
        #expect(clients.allSatisfy { $0.html == "<p><!--[-->5<!--]--><!--[--><!--]--></p>" && $0.sequence == 5 })
    }
}

extension HTML {
    struct Row: Sendable, Identifiable {
        let id: Int
        var name: String
    }
}
