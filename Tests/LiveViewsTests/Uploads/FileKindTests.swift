import LiveHTML
import LiveViews
import RealtimeTesting
import Testing

@Suite("Kinds of files")
struct FileKindTests {
    private static func problem(_ kinds: [FileKind], _ file: TestFile) async throws -> String? {
        let page = try await LiveTester(Album(LiveUpload("photos", kinds: kinds)))
        try await page.upload(file, in: "#photos")
        let text = try page.text(of: "#files li")
        return text.hasSuffix("100%") ? nil : text
    }

    static let marks: [(FileKind, String, [UInt8])] = [
        (.png, "a.png", [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]), (.jpeg, "a.JPG", [0xff, 0xd8, 0xff]),
        (.jpeg, "a.b.jpeg", [0xff, 0xd8, 0xff]), (.gif, "a.gif", Array("GIF87a".utf8)), (.gif, "a.gif", Array("GIF89a".utf8)),
        (.webp, "a.webp", Array("RIFF....WEBP".utf8)), (.avif, "a.avif", Array("....ftypavif".utf8)),
        (.avif, "a.avif", Array("....ftypavis".utf8)), (.pdf, "a.pdf", Array("%PDF-".utf8)), (.zip, "a.zip", Array("PK\u{3}\u{4}".utf8)),
        (.zip, "a.zip", Array("PK\u{5}\u{6}".utf8)), (.mp4, "a.mp4", Array("....ftyp".utf8)), (.mp3, "a.mp3", Array("ID3".utf8)),
        (.mp3, "a.mp3", [0xff, 0xfb]), (.mp3, "a.mp3", [0xff, 0xf3]), (.mp3, "a.mp3", [0xff, 0xf2]),
    ]

    @Test("with marks are known by their first bytes, whatever comes after them", arguments: marks)
    func verified(kind: FileKind, name: String, mark: [UInt8]) async throws {
        #expect(kind.isVerifiable)
        #expect(try await Self.problem([kind], TestFile(name, bytes: mark)) == nil)
        #expect(try await Self.problem([kind], TestFile(name, bytes: mark + [UInt8](repeating: 0, count: 40_000))) == nil)
        for wrong in [[], Array(mark.dropLast()), [0x20] + mark, Array("<svg onload=alert(1)>".utf8)] {
            let problem = try await Self.problem([kind], TestFile(name, bytes: wrong))
            #expect(problem?.hasSuffix("\(UploadProblem.notItsKind)") == true, "\(wrong)")
        }
    }

    @Test("are those of a name's ending; of a name without one, what the browser says")
    func named() async throws {
        let wrong = "\(UploadProblem.wrongKind)"
        #expect(try await Self.problem([.png], TestFile("a.exe", type: "image/png", bytes: png(9)))?.hasSuffix(wrong) == true)
        #expect(try await Self.problem([.png], TestFile("png", type: "text/html", bytes: png(9)))?.hasSuffix(wrong) == true)
        #expect(try await Self.problem([.png], TestFile(".png", type: "", bytes: png(9)))?.hasSuffix(wrong) == true)
        #expect(try await Self.problem([.png], TestFile("picture", type: "image/png", bytes: png(9))) == nil)
        #expect(try await Self.problem([.pdf, .png], TestFile("a.pdf.png", type: "application/pdf", bytes: png(9))) == nil)
        #expect(try await Self.problem([], TestFile("anything.at.all", bytes: [1])) == nil)
    }

    @Test("without marks are what their names say, and said to be unverified")
    func unverified() async throws {
        #expect(!FileKind.csv.isVerifiable && !FileKind("model/stl", extensions: ["STL"]).isVerifiable)
        let page = try await LiveTester(
            Album(LiveUpload("photos", kinds: [.csv, FileKind("model/stl", extensions: ["STL"])], maxFiles: 2)))
        try await page.upload(TestFile("a.csv", text: "1,2"), TestFile("b.stl", bytes: [0]), in: "#photos")
        try await page.click("#take")
        #expect(try page.texts(of: "#log li").suffix(2) == ["a.csv of 3, unverified, in memory", "b.stl of 1, unverified, in memory"])
    }

    @Test("that run scripts are not among the pictures")
    func images() { #expect(!FileKind.images.contains { $0.type.contains("svg") } && FileKind.images.allSatisfy { $0.isVerifiable }) }
}
