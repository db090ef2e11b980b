import LiveHTML
import LiveViews
import NIOCore
import RealtimeTesting
import Testing

@Suite("Forms with files, without JavaScript (live protocol §12)")
struct PostedFilesTests {
    /// A part of a form.
    enum Part {
        case field(String, String)
        case file(String, String, [UInt8])

        var bytes: [UInt8] {
            switch self {
            case .field(let name, let value):
                Array("--b\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
            case .file(let name, let filename, let content):
                Array(
                    "--b\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"\(filename)\"\r\nContent-Type: application/octet-stream\r\n\r\n"
                        .utf8) + content + Array("\r\n".utf8)
            }
        }
    }

    private static func post(
        _ parts: [Part], event: String = "save:$", runtime: LiveRuntime = .testing(), maxFieldBytes: Int = 1_000, view: Album = Album()
    ) async throws -> String {
        let request = LiveRequest(url: "/?_event=\(event.replacing("$", with: "%24"))", session: "s")
        let form = try #require(try PostedFiles(request, contentType: "multipart/form-data; boundary=b"))
        let body = parts.flatMap(\.bytes) + Array("--b--\r\n".utf8)
        let pieces = AsyncStream<ByteBuffer> { continuation in
            var rest = body[...]
            while !rest.isEmpty {
                continuation.yield(ByteBuffer(bytes: rest.prefix(10_000)))
                rest = rest.dropFirst(10_000)
            }
            continuation.finish()
        }
        let page = try await LiveRoute(Album.self, runtime: runtime).page(
            request, posted: form, body: pieces, maxFieldBytes: maxFieldBytes
        ) { _ in view }
        guard case .page(let page) = page else { return "" }
        return try PaintedPage(page).content.replacing("<!--[-->", with: "").replacing("<!--]-->", with: "")
    }

    @Test("are in the view's uploads when the event is handled, with the fields beside them")
    func taken() async throws {
        let page = try await Self.post([
            .field("title", "Summer"), .file("photos", "a.png", png(120_000)), .file("photos", "b.txt", [65]), .file("photos", "", []),
        ])
        let words = ["saved Summer", "a.png of 120000, image/png, on disk", "b.txt of 1, unverified, on disk"]
        #expect(page.contains(words.map { "<li>\($0)</li>" }.joined()))
    }

    @Test("keep to the rules of the upload: what is not allowed is shown with the reason, and the event is handled")
    func refused() async throws {
        let folder = try Folder()
        let page = try await Self.post(
            [
                .file("photos", "a.png", png(400_001)), .file("photos", "b.png", [1, 2, 3]), .file("photos", "c.exe", [1]),
                .file("videos", "d.png", png(10)), .file("photos", "e.png", png(10)), .field("title", "T"),
            ], runtime: .testing { $0.uploads.directory = folder.path })
        #expect(page.contains("<li>saved T</li><li>e.png of 10, image/png, on disk</li>"))
        for (name, problem) in [("a.png", UploadProblem.tooLarge(limit: 400_000)), ("b.png", .notItsKind), ("c.exe", .wrongKind)] {
            #expect(page.contains("<li>\(name) 0% \(problem)</li>"))
        }
        try await eventually("no files") { folder.folders.isEmpty }
    }

    @Test("that the view does not take out are gone with the answer")
    func gone() async throws {
        let folder = try Folder()
        let page = try await Self.post(
            [.file("photos", "a.png", png(100))], event: "start", runtime: .testing { $0.uploads.directory = folder.path })
        #expect(page.contains("<li>a.png 100% </li>"))
        try await eventually("no files") { folder.folders.isEmpty }
    }

    @Test("are refused as a whole when there is more than the uploads allow, or more text than a form has")
    func tooLarge() async throws {
        let files = (0..<6).map { Part.file("photos", "\($0).png", png(300_000)) }
        await #expect(throws: PostedFiles.Fault.tooLarge) { try await Self.post(files) }
        await #expect(throws: PostedFiles.Fault.tooLarge) { try await Self.post([.field("title", String(repeating: "x", count: 1_001))]) }
        await #expect(throws: PostedFiles.Fault.tooLarge) {
            try await Self.post(files, runtime: .testing { $0.uploads.maxBytesPerView = 500_000 })
        }
    }

    @Test("are refused when they are no form of the view, or no form at all")
    func malformed() async throws {
        await #expect(throws: EventError.unknown("burn")) { try await Self.post([], event: "burn") }
        #expect(throws: PostedFiles.Fault.self) { try PostedFiles(LiveRequest(url: "/"), contentType: "multipart/form-data; boundary=b") }
        #expect(throws: PostedFiles.Fault.self) { try PostedFiles(LiveRequest(url: "/?_event=save"), contentType: "multipart/form-data") }
        #expect(try PostedFiles(LiveRequest(url: "/?_event=save"), contentType: "application/x-www-form-urlencoded") == nil)
        let form = try #require(try PostedFiles(LiveRequest(url: "/?_event=save"), contentType: "multipart/form-data; boundary=b"))
        for body in ["nothing", "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ncut off"] {
            let pieces = AsyncStream<ByteBuffer> { continuation in
                continuation.yield(ByteBuffer(string: body))
                continuation.finish()
            }
            await #expect(throws: PostedFiles.Fault.self) {
                try await LiveRoute(Album.self, runtime: .testing()).page(LiveRequest(), posted: form, body: pieces, maxFieldBytes: 100) {
                    _ in Album()
                }
            }
        }
    }

    struct Parent: LiveView {
        var album = Album()
        static let children = [LiveChild(\Parent.album)]
        var body: HTML { "\(child: \Parent.album)" }
    }

    @Test("of a view within a view are in its uploads")
    func child() async throws {
        let request = LiveRequest(url: "/?_event=save:%24&_view=1", session: "s")
        let form = try #require(try PostedFiles(request, contentType: "multipart/form-data; boundary=b"))
        let body = AsyncStream<ByteBuffer> { continuation in
            continuation.yield(ByteBuffer(bytes: Part.file("photos", "a.txt", [65]).bytes + Array("--b--".utf8)))
            continuation.finish()
        }
        let answer = try await LiveRoute(Parent.self, runtime: .testing()).page(request, posted: form, body: body, maxFieldBytes: 100) {
            _ in
            Parent()
        }
        guard case .page(let page) = answer else {
            Issue.record("no page")
            return
        }
        #expect(try PaintedPage(page).content.contains("a.txt of 1, unverified, on disk"))
    }

    struct Worker: LiveView {
        var word = "nothing"
        enum Event: LiveEvent { case work, done(String) }
        mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
            switch event {
            case .work: effects.run { .done("worked") }
            case .done(let word): self.word = word
            }
        }
        var body: HTML { "<p>\(word)</p>" }
    }

    @Test("and the work that their event starts is waited for, as with every posted form")
    func work() async throws {
        let request = LiveRequest(url: "/?_event=work", session: "s")
        let form = try #require(PostedForm(request, body: ByteBuffer()))
        let answer = try await LiveRoute(Worker.self, runtime: .testing()).page(request, posted: form) { _ in Worker() }
        guard case .page(let page) = answer else {
            Issue.record("no page")
            return
        }
        #expect(try PaintedPage(page).content.contains("worked"))
    }
}
