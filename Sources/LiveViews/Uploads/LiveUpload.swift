/// Files that a view takes from its browser: a property of the view, named in ``LiveView/uploads``.
///
/// ```swift
/// struct Album: LiveView, Codable {
///     var photos = LiveUpload("photos", kinds: FileKind.images, maxFiles: 4, maxFileBytes: 5 << 20)
///     static var uploads: Uploads { [\.photos] }
///     enum Event: LiveEvent { case cancel(Int), save }
///
///     mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
///         switch event {
///         case .cancel(let id): photos.cancel(id)
///         case .save:
///             let files = photos.take()
///             effects.run { for file in files { try await keep(try await file.contents()) }; return nil } failed: { _ in nil }
///         }
///     }
///
///     var body: HTML {
///         """
///         <form \(on: .submit, Event.save) enctype="multipart/form-data">
///         <label data-drop="photos">Photos <input \(upload: photos)></label>
///         \(each: photos.entries, key: { $0.id }, { "<p>\($0.name) \($0.percent)% \($0.problem?.description ?? "")</p>" })
///         <button disabled=\(photos.isBusy)>Save</button></form>
///         """
///     }
/// }
/// ```
///
/// The browser announces what was chosen or dropped; what is not allowed is refused before a byte of it comes. The rest comes in pieces, each of which is acknowledged when it is written. Small files are kept in memory,
/// larger ones on disk, until the view takes them out or is gone.
///
/// A file belongs to its connection. After a lost one the view has none, and the browser sends by itself what it had chosen and the view had not taken out. What the upload allows is what the route's view
/// says (not what ``LiveView/mount(_:)`` made of it) when a view is resumed.
///
/// > Warning: The name and the type of a file are its sender's claims. A name is for people to read: never make a path of it.
public struct LiveUpload: Sendable {
    /// The name and id of the control; there is one of this name in a view.
    public let name: String
    /// The kinds of files that are taken. None: all of them.
    public var kinds: [FileKind]
    /// How many files there may be. Of an upload of one file, another choice takes the place of the first. At most 100.
    public var maxFiles: Int
    /// The bytes of one.
    public var maxFileBytes: Int
    /// Whether files are sent as soon as they are chosen; otherwise after ``start()``.
    public var startsByItself: Bool

    /// The files that were chosen, in that order: those that are allowed, and those that are not with the reason why.
    public internal(set) var entries: [Entry] = []
    /// ``start()`` was called.
    var mayStart = false

    /// A browser offers no more at once.
    static let maxOffer = 100

    /// - Parameters:
    ///   - name: of the control, and its id.
    ///   - kinds: what is taken. Default: everything.
    ///   - maxFiles: how many. Default 1.
    ///   - maxFileBytes: of one file. Default 8 MiB.
    ///   - startsByItself: whether files are sent as soon as they are chosen. Default true.
    public init(_ name: String, kinds: [FileKind] = [], maxFiles: Int = 1, maxFileBytes: Int = 8 << 20, startsByItself: Bool = true) {
        self.name = name
        self.kinds = kinds
        self.maxFiles = min(max(0, maxFiles), Self.maxOffer)
        self.maxFileBytes = max(0, maxFileBytes)
        self.startsByItself = startsByItself
    }

    /// A file that was chosen.
    public struct Entry: Sendable, Identifiable {
        /// How far it is.
        public enum State: Sendable {
            /// For ``LiveUpload/start()``.
            case waiting
            case sending
            case finished(UploadedFile)
            case refused(UploadProblem)
        }

        /// By which the view can cancel it.
        public let id: Int
        /// What the browser calls it: at most 255 bytes, without the folders that were in it and without control characters.
        public let name: String
        /// The media type that the browser says it has.
        public let claimedType: String
        /// In bytes.
        public let size: Int
        /// The bytes that have come and are written.
        public internal(set) var taken = 0
        public internal(set) var state: State

        /// How much of it has come.
        public var percent: Int {
            if case .finished = state { return 100 }
            return size > 0 ? Int(Double(taken) / Double(size) * 100) : 0
        }

        /// Why it is not taken, if it isn't.
        public var problem: UploadProblem? {
            if case .refused(let problem) = state { problem } else { nil }
        }

        /// The file, if it has come whole.
        public var file: UploadedFile? {
            if case .finished(let file) = state { file } else { nil }
        }

        var isUnderWay: Bool {
            switch state {
            case .waiting, .sending: true
            case .finished, .refused: false
            }
        }
    }

    // MARK: What a view does

    /// Whether files are still to come.
    public var isBusy: Bool { entries.contains { $0.isUnderWay } }

    /// The files that have come whole.
    public var files: [UploadedFile] { entries.compactMap(\.file) }

    /// Takes out the files that have come whole. They are the caller's then, and are there as long as anybody has them.
    public mutating func take() -> [UploadedFile] {
        let files = files
        entries.removeAll { $0.file != nil }
        return files
    }

    /// Takes a file away, whether it is under way, whole, or refused.
    public mutating func cancel(_ id: Int) { entries.removeAll { $0.id == id } }

    /// Takes all files away.
    public mutating func cancelAll() { entries = [] }

    /// Lets the files come that wait, if the upload does not start by itself.
    public mutating func start() {
        mayStart = true
    }
}

/// What it allows; its files are no state.
extension LiveUpload: Codable {
    private enum CodingKeys: String, CodingKey {
        case name, kinds, maxFiles, maxFileBytes, startsByItself
    }
}
