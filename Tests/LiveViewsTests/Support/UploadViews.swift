import Foundation
import LiveHTML
import LiveViews

/// A view with an upload, and a word of what has come.
struct Album: LiveView, Codable {
    var log: [String] = []
    var photos = LiveUpload("photos", kinds: [.png, .jpeg, .text], maxFiles: 3, maxFileBytes: 400_000)
    static var uploads: Uploads { [\.photos] }

    enum Event: LiveEvent { case take, cancel(Int), cancelAll, start, save(FormFields) }

    init(_ photos: LiveUpload? = nil) {
        if let photos { self.photos = photos }
    }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .take: log += photos.take().map(Self.word)
        case .cancel(let id): photos.cancel(id)
        case .cancelAll: photos.cancelAll()
        case .start: photos.start()
        case .save(let fields):
            log.append("saved \(fields["title"] ?? "")")
            log += photos.take().map(Self.word)
        }
    }

    mutating func uploaded(_ name: String, _ effects: inout LiveEffects<Event>) { log.append("uploaded to \(name)") }

    static func word(_ file: UploadedFile) -> String {
        "\(file.name) of \(file.size), \(file.kind?.type ?? "unverified"), \(file.path == nil ? "in memory" : "on disk")"
    }

    var body: HTML {
        """
        <form id="form" enctype="multipart/form-data" \(on: .submit, Event.save)><input name="title">
        <div id="area" data-drop="photos"><input \(upload: photos)></div></form>
        <ul id="files">\(each: photos.entries, key: { $0.id }, { "<li>\($0.name) \($0.percent)% \($0.problem.map { "\($0)" } ?? "")</li>" })</ul>
        <ol id="log">\(log.map { "<li>\($0)</li>" })</ol><button id="take" \(on: .click, Event.take)>Take</button>
        <button id="start" \(on: .click, Event.start)>Start</button><button id="drop-all" \(on: .click, Event.cancelAll)>Drop</button>
        """
    }
}

/// The first bytes of a picture, and then nothing of one.
func png(_ count: Int) -> [UInt8] {
    let mark: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
    return mark + (mark.count..<max(mark.count, count)).map { UInt8(truncatingIfNeeded: $0 &* 31) }
}

/// A folder of one test, and what is in it.
final class Folder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "heliograph-tests-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The files in the folders that processes have made here for uploads.
    var files: [String] {
        folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")) ?? []).filter { $0 != "lock" }
                .map { "\(path)/\(folder)/\($0)" }
        }
    }

    var folders: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }
}
