import Foundation
import LiveHTML
import LiveViews
import NIOCore
import RealtimeTesting
import Synchronization
import Testing

@Suite("Where files are kept")
struct UploadStorageTests {
    private static func runtime(_ folder: Folder, _ change: (inout UploadLimits) -> Void = { _ in }) -> LiveRuntime {
        .testing {
            $0.uploads.directory = folder.path
            change(&$0.uploads)
        }
    }

    /// Gives its files to the test.
    struct Keeper: LiveView {
        let kept: Kept
        var files = LiveUpload("files", maxFiles: 3, maxFileBytes: 1 << 20)
        static var uploads: Uploads { [\.files] }
        mutating func uploaded(_ name: String, _ effects: inout LiveEffects<Never>) { kept.files.withLock { $0 += files.take() } }
        var body: HTML { "<input \(upload: files)>" }
    }

    final class Kept: Sendable {
        let files = Mutex<[UploadedFile]>([])
        func take() -> UploadedFile? { files.withLock { $0.popLast() } }
    }

    private static func keep(_ file: TestFile, _ runtime: LiveRuntime) async throws -> UploadedFile {
        let kept = Kept(), page = try await LiveTester(Keeper(kept: kept), runtime: runtime)
        try await page.upload(file, in: "#files")
        return try #require(kept.take())
    }

    @Test("is memory for small ones, and for larger ones a folder that nobody else may look into")
    func kept() async throws {
        let folder = try Folder(), runtime = Self.runtime(folder)
        let small = try await Self.keep(TestFile("s", bytes: png(65_536)), runtime)
        #expect(small.bytes == png(65_536) && small.path == nil)
        #expect(folder.folders.isEmpty)
        let large = try await Self.keep(TestFile("l", bytes: png(700_001)), runtime)
        let path = try #require(large.path)
        #expect(large.bytes == nil && folder.files == [path])
        #expect(try Data(contentsOf: URL(filePath: path)) == Data(png(700_001)))
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        #expect(attributes[.posixPermissions] as? Int == 0o600)
        let parent = try FileManager.default.attributesOfItem(atPath: URL(filePath: path).deletingLastPathComponent().path)
        #expect(parent[.posixPermissions] as? Int == 0o700)
        #expect(try await small.contents() == png(65_536))
        #expect(try await large.contents() == png(700_001))
    }

    @Test("has a file as long as somebody holds it, and nothing after the last one")
    func removed() async throws {
        let folder = try Folder(), runtime = Self.runtime(folder)
        var file: UploadedFile? = try await Self.keep(TestFile("l", bytes: png(100_000)), runtime)
        #expect(folder.files.count == 1 && file != nil)
        file = nil
        try await eventually("the folder is gone") { folder.folders.isEmpty }
        file = try await Self.keep(TestFile("l", bytes: png(100_000)), runtime)
        #expect(folder.files.count == 1 && file != nil, "it is made again when it is needed")
    }

    @Test("has nothing of a view that is gone, whole or not")
    func gone() async throws {
        let folder = try Folder()
        let page = try await LiveTester(Album(), runtime: Self.runtime(folder))
        try await page.upload(TestFile("a.png", bytes: png(100_000)), in: "#photos")
        try await page.choose(TestFile("b.png", bytes: png(100_000)), in: "#photos")
        try await page.sendPieces(of: "b.png")
        #expect(folder.files.count == 2)
        try await page.drop()
        try await eventually("the folder is gone") { folder.folders.isEmpty }
    }

    @Test("lets go of a file that is moved away; from memory it is written")
    func moved() async throws {
        let folder = try Folder(), elsewhere = try Folder(), runtime = Self.runtime(folder) { $0.maxDiskBytes = 120_000 }
        for size in [100, 100_000] {
            let file = try await Self.keep(TestFile("f", bytes: png(size)), runtime)
            let target = "\(elsewhere.path)/\(size)"
            try await file.move(to: target)
            #expect(try Data(contentsOf: URL(filePath: target)) == Data(png(size)))
            #expect(file.path == nil && folder.folders.isEmpty)
            await #expect(throws: UploadProblem.notStored) { try await file.move(to: "\(elsewhere.path)/none/there") }
        }
        _ = try await Self.keep(TestFile("f", bytes: png(100_000)), runtime)
        #expect(FileManager.default.fileExists(atPath: "\(elsewhere.path)/100000"), "it stays when nobody has the value any more")
    }

    @Test("has limits for all views together, of memory and of disk; room comes back with the files", arguments: [60_000, 100_000])
    func full(size: Int) async throws {
        let folder = try Folder()
        let runtime = Self.runtime(folder) {
            $0.maxMemoryBytes = 150_000
            $0.maxDiskBytes = 250_000
        }
        let first = try await LiveTester(Album(), session: "a", runtime: runtime)
        try await first.upload(TestFile("a.png", bytes: png(size)), TestFile("b.png", bytes: png(size)), in: "#photos")
        #expect(try first.texts(of: "#files li") == ["a.png 100%", "b.png 100%"])
        let second = try await LiveTester(Album(), session: "b", runtime: runtime)
        try await second.upload(TestFile("c.png", bytes: png(size)), in: "#photos")
        #expect(try second.text(of: "#files li").hasSuffix("\(UploadProblem.noRoom)"))
        #expect(second.isConnected)
        try await first.click("#drop-all")
        try await eventually("room") {
            try await second.upload(TestFile("c.png", bytes: png(size)), in: "#photos")
            return try second.text(of: "#files li") == "c.png 100%"
        }
    }

    @Test("has limits for one view, of files and of what they announce")
    func limits() async throws {
        let folder = try Folder()
        let page = try await LiveTester(
            Album(),
            runtime: Self.runtime(folder) {
                $0.maxFilesPerView = 2
                $0.maxBytesPerView = 1_000
            })
        try await page.upload(
            TestFile("a.txt", text: "A"), TestFile("b.png", bytes: png(1_000)), TestFile("c.png", bytes: png(999)), in: "#photos")
        try await page.upload(TestFile("d.txt", text: "D"), in: "#photos")
        let room = "\(UploadProblem.noRoom)"
        #expect(try page.texts(of: "#files li") == ["a.txt 100%", "c.png 100%", "d.txt 0% \(room)"])
        #expect(page.chosen.map(\.refusal) == [nil, room, nil, room])
    }

    @Test("that can't be written to refuses the file, and nothing else")
    func unwritable() async throws {
        let folder = try Folder()
        let page = try await LiveTester(Album(), runtime: .testing { $0.uploads.directory = "\(folder.path)/none" })
        try await page.upload(TestFile("a.png", bytes: png(100_000)), TestFile("b.txt", text: "B"), in: "#photos")
        #expect(try page.texts(of: "#files li") == ["a.png 0% \(UploadProblem.notStored)", "b.txt 100%"])
    }

    @Test("is cleared of what processes have left that are gone, and of nothing that is in use")
    func swept() async throws {
        let folder = try Folder(), left = "\(folder.path)/heliograph-uploads-abcdef", other = "\(folder.path)/other"
        for path in [left, other] {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            for name in ["lock", "1"] { try Data("x".utf8).write(to: URL(filePath: "\(path)/\(name)")) }
        }
        let first = try await Self.keep(TestFile("a", bytes: png(100_000)), Self.runtime(folder))
        #expect(!folder.folders.contains("heliograph-uploads-abcdef") && folder.folders.contains("other"))
        let second = try await Self.keep(TestFile("b", bytes: png(100_000)), Self.runtime(folder))
        #expect(try await first.contents() == png(100_000))
        #expect(try await second.contents() == png(100_000))
    }

    @Test("is not cleared where a name leads elsewhere")
    func linked() async throws {
        let folder = try Folder(), elsewhere = "\(folder.path)/elsewhere"
        try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: true)
        for name in ["lock", "1"] { try Data("x".utf8).write(to: URL(filePath: "\(elsewhere)/\(name)")) }
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder.path)/heliograph-uploads-abcdef", withDestinationPath: elsewhere)
        _ = try await Self.keep(TestFile("a", bytes: png(100_000)), Self.runtime(folder))
        #expect(try FileManager.default.contentsOfDirectory(atPath: elsewhere).sorted() == ["1", "lock"])
    }
}
