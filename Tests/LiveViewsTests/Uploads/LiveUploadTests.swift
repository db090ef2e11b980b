import Foundation
import LiveHTML
import LiveViews
import NIOEmbedded
import RealtimeTesting
import Testing

@Suite("Uploads of a view")
struct LiveUploadTests {
    @Test("are a control that says what it takes")
    func control() async throws {
        let page = try await LiveTester(Album())
        #expect(try page.attribute("type", of: "#photos") == "file")
        #expect(try page.attribute("name", of: "#photos") == "photos")
        #expect(try page.attribute("accept", of: "#photos") == "image/png,.png,image/jpeg,.jpg,.jpeg,text/plain,.txt")
        #expect(try page.attribute("multiple", of: "#photos") == "")
        let single = try await LiveTester(Album(LiveUpload("photos")))
        #expect(try single.attribute("accept", of: "#photos") == nil)
        #expect(try single.attribute("multiple", of: "#photos") == nil)
        #expect(LiveTester.problems(of: Album()) == [])
    }

    @Test("show the files that were chosen, how far they are, and give them out when they are whole")
    func whole() async throws {
        let page = try await LiveTester(Album())
        try await page.choose(TestFile("a.png", bytes: png(100_000)), TestFile("b.txt", text: "B"), in: "#photos")
        #expect(try page.texts(of: "#files li") == ["a.png 0%", "b.txt 0%"])
        try await page.click("#take")
        #expect(try page.texts(of: "#files li").count == 2, "what is under way stays")
        try await page.sendPieces(of: "a.png", 2)
        #expect(try page.texts(of: "#files li") == ["a.png 65%", "b.txt 0%"])
        #expect(page.progress(of: "photos") == 65)
        try await page.sendFiles()
        #expect(try page.texts(of: "#files li") == ["a.png 100%", "b.txt 100%"])
        #expect(try page.texts(of: "#log li") == ["uploaded to photos", "uploaded to photos"])
        try await page.click("#take")
        #expect(try page.texts(of: "#files li") == [])
        #expect(
            try page.texts(of: "#log li").suffix(2) == ["a.png of 100000, image/png, on disk", "b.txt of 1, unverified, in memory"])
        #expect(page.chosen.allSatisfy { $0.isOver }, "the browser is told that it need not send them again")
    }

    @Test("refuse what is too large, too much or of another kind before a byte of it comes, and say why")
    func refused() async throws {
        let page = try await LiveTester(Album())
        try await page.choose(
            TestFile("a.png", bytes: png(400_001)), TestFile("b.gif", bytes: [1]), TestFile("c.png", bytes: png(400_000)),
            TestFile("d.txt", text: ""), TestFile("e.txt", text: "E"), TestFile("f.txt", text: "F"), in: "#photos")
        #expect(
            try page.texts(of: "#files li") == [
                "a.png 0% Larger than 390 KB.", "b.gif 0% Files of this kind are not taken here.", "c.png 0%", "d.txt 0%", "e.txt 0%",
                "f.txt 0% 3 files at most.",
            ])
        #expect(
            page.chosen.map(\.refusal) == [
                "Larger than 390 KB.", "Files of this kind are not taken here.", nil, nil, nil, "3 files at most.",
            ])
        try await page.sendFiles()
        #expect(try page.texts(of: "#files li").filter { $0.hasSuffix("100%") }.count == 3)
        try await page.choose(TestFile("g.txt", text: "G"), in: "#photos")
        #expect(
            try page.texts(of: "#files li") == ["c.png 100%", "d.txt 100%", "e.txt 100%", "g.txt 0% 3 files at most."],
            "of another choice, what is whole stays and what was refused goes")
    }

    @Test("of one file have the last one that was chosen")
    func single() async throws {
        let page = try await LiveTester(Album(LiveUpload("photos")))
        try await page.upload(TestFile("a", text: "A"), in: "#photos")
        try await page.choose(TestFile("b", bytes: png(200_000)), in: "#photos")
        #expect(page.chosen.map(\.isOver) == [true, false])
        try await page.sendPieces(of: "b")
        try await page.upload(TestFile("c", text: "C"), TestFile("d", text: "D"), in: "#photos")
        #expect(try page.texts(of: "#files li") == ["c 100%"])
    }

    @Test("are cancelled by the view and by the browser, under way or whole")
    func cancelled() async throws {
        let page = try await LiveTester(Album())
        try await page.choose(TestFile("a.png", bytes: png(300_000)), TestFile("b.png", bytes: png(300_000)), in: "#photos")
        try await page.sendPieces(of: "a.png")
        try await page.sendPieces(of: "b.png")
        try await page.send(.cancel(page.chosen[0].id ?? 0))
        #expect(page.chosen.map(\.isOver) == [true, false])
        try await page.cancelFile("b.png")
        #expect(try page.texts(of: "#files li") == [])
        try await page.upload(TestFile("c.txt", text: "C"), in: "#photos")
        try await page.click("#drop-all")
        #expect(try page.texts(of: "#files li") == [] && page.chosen.last?.isOver == true)
        #expect(page.isConnected)
    }

    @Test("can wait until the view lets them start; of those that wait the last choice counts")
    func waiting() async throws {
        let page = try await LiveTester(Album(LiveUpload("photos", maxFiles: 2, startsByItself: false)))
        try await page.choose(TestFile("old", text: "O"), in: "#photos")
        try await page.choose(TestFile("a", text: "A"), TestFile("b", text: "B"), in: "#photos")
        #expect(try page.texts(of: "#files li") == ["a 0%", "b 0%"])
        #expect(page.chosen.map(\.refusal) == ["Not wanted any more.", nil, nil] && page.chosen.allSatisfy { $0.id == nil })
        try await page.send(.cancel(2))
        try await page.click("#start")
        try await page.sendFiles()
        #expect(try page.texts(of: "#files li") == ["b 100%"])
        try await page.choose(TestFile("c", text: "C"), in: "#photos")
        #expect(page.chosen.last?.id == nil, "another choice waits again")
    }

    @Test(
        "have names that can be read, and are no paths",
        arguments: [
            ("../../etc/passwd", "passwd"), ("C:\\fakepath\\a.txt", "a.txt"), ("a\u{0}b\n.txt", "ab.txt"), ("\u{202e}gpj.exe", "gpj.exe"),
            ("..", "file"),
            ("", "file"), ("/", "file"), ("naïve – 東京.txt", "naïve – 東京.txt"),
        ])
    func names(name: String, shown: String) async throws {
        let page = try await LiveTester(Album(LiveUpload("photos")))
        try await page.choose(TestFile(name, text: "x"), in: "#photos")
        #expect(try page.texts(of: "#files li") == ["\(shown) 0%"])
    }

    @Test("have names of 255 bytes at most, and whole characters")
    func longNames() async throws {
        let page = try await LiveTester(Album(LiveUpload("photos")))
        try await page.choose(TestFile(String(repeating: "é", count: 200), text: "x"), in: "#photos")
        #expect(try page.texts(of: "#files li") == ["\(String(repeating: "é", count: 127)) 0%"])
    }

    @Test("are dropped on their area")
    func dropped() async throws {
        let page = try await LiveTester(Album())
        try await page.drop(TestFile("a.txt", text: "A"), on: "#area")
        try await page.sendFiles()
        #expect(try page.texts(of: "#files li") == ["a.txt 100%"])
    }

    struct Parent: LiveView {
        var album = Album()
        static let children = [LiveChild(\Parent.album)]
        var body: HTML { "\(child: \Parent.album)" }
    }

    @Test("of a view within a view are its own")
    func child() async throws {
        let wire = try await Wire.joined(Parent())
        try await wire.say(#"["up",1,0,"photos",[["a.txt","text/plain",1]]]"#)
        #expect(wire.take().contains(#"["err",1,"there is no upload “photos”"]"#))
        try await wire.say(#"["up",2,1,"photos",[["a.txt","text/plain",1]]]"#)
        #expect(wire.take().first == #"["up",2,[1]]"#)
        try await wire.say(binary: [1, 65])
        try await wire.say(binary: [1])
        await wire.loop.run()
        #expect(wire.take().contains { $0.hasPrefix("[\"p\",1,") && $0.contains("uploaded to photos") })
    }

    struct Albums: LiveView, Codable {
        var albums = LiveChildren<String, Album>()
        static let children = [LiveChild(each: \Albums.albums)]
        enum Event: LiveEvent { case remove(String) }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            if case .remove(let id) = event { albums[id] = nil }
        }
        var body: HTML { "<ul>\(children: \Albums.albums, of: self, { id, album in "<li>\(id)\(album)</li>" })</ul>" }
    }

    @Test("of views by keys are each one's own, and go with it; what they allow is resumed with them")
    func keyed() async throws {
        let view = Albums(
            albums: LiveChildren([("a", Album(LiveUpload("photos", kinds: [.png, FileKind("x/y", extensions: ["z"])]))), ("b", Album())]))
        let runtime = LiveRuntime.testing(), request = LiveRequest(session: "s")
        let wire = try await Wire.joined(view, runtime, request)
        try await wire.say(#"["up",1,2,"photos",[["a.png","",9]]]"#, #"["up",2,3,"photos",[["b.png","",9]]]"#, #"["up",3,9,"photos",[]]"#)
        let answers = wire.take()
        #expect(answers.prefix(2) == [#"["up",1,[1]]"#, #"["up",2,[2]]"#])
        #expect(answers.contains(#"["err",3,"there is no upload “photos”"]"#))
        try await wire.say(binary: [2] + png(9), [2])
        await wire.loop.run()
        #expect(wire.take().contains { $0.hasPrefix("[\"p\",3,") && $0.contains("uploaded to photos") })
        try await wire.say(#"[4,0,"remove:\"a\""]"#)
        #expect(wire.take().first == #"["ux",1]"#)
        #expect(wire.closed == nil)
        let coded = try JSONDecoder().decode(Albums.self, from: JSONEncoder().encode(view))
        let upload = try #require(coded.albums["a"]?.photos)
        #expect(upload.kinds == [.png, FileKind("x/y", extensions: ["z"])] && upload.maxFiles == 1 && upload.name == "photos")
    }

    @Test("begin anew after a lost connection, in another process too: what the view had not taken out comes again, and nothing else")
    func resumed() async throws {
        let seals = StateSeals(secret: .random()), folder = try Folder()
        let page = try await LiveTester(Album(), runtime: .testing(seals: seals) { $0.uploads.directory = folder.path })
        try await page.upload(TestFile("taken.txt", text: "T"), in: "#photos")
        try await page.click("#take")
        try await page.upload(TestFile("whole.png", bytes: png(90_000)), in: "#photos")
        try await page.choose(TestFile("half.png", bytes: png(90_000)), in: "#photos")
        try await page.sendPieces(of: "half.png")
        #expect(folder.files.count == 2)
        try await page.restart(with: .testing(seals: seals))
        #expect(try page.texts(of: "#files li") == ["whole.png 0%", "half.png 0%"])
        try await eventually("no files of the old process") { folder.folders.isEmpty }
        try await page.sendFiles()
        #expect(try page.texts(of: "#files li") == ["whole.png 100%", "half.png 100%"])
        #expect(try page.texts(of: "#log li").first == "uploaded to photos", "the state is that of before")
    }

    @Test("allow what the route's view says when they are resumed, not what a page says that is older")
    func rules() async throws {
        let runtime = LiveRuntime.testing()
        let limit = Count()
        let page = try await LiveTester(runtime: runtime) { _ in
            Album(LiveUpload("photos", maxFileBytes: limit.next() > 2 ? 2 : 10))
        }
        try await page.choose(TestFile("a", text: "AAA"), in: "#photos")
        #expect(page.chosen.first?.refusal == nil)
        try await page.drop()
        try await page.resume()
        #expect(try page.texts(of: "#files li") == ["a 0% Larger than 2 bytes."])
    }
}
