public import LiveHTML
public import LiveViews

/// A form with pictures: what is dropped or chosen is sent at once, and kept when the form is sent.
public struct PhotoForm: LiveView, Codable {
    struct Album: Codable {
        struct Photo: Codable {
            let name: String
            let kind: String
            let bytes: Int
        }
        let title: String
        let photos: [Photo]
    }

    var title = ""
    var isTouched = false
    var wasSent = false
    var album: Album?
    var photos = LiveUpload("photos", kinds: FileKind.images, maxFiles: 4, maxFileBytes: 5 << 20)
    public static var uploads: Uploads { [\.photos] }

    public enum Event: LiveEvent {
        case changed(FormFields)
        case remove(Int)
        case save(FormFields)
    }

    public init() {}

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .changed(let fields):
            title = fields["title"] ?? ""
            isTouched = !fields.isUntouched("title")
        case .remove(let id): photos.cancel(id)
        case .save(let fields):
            title = fields["title"] ?? ""
            (isTouched, wasSent) = (true, true)
            guard titleProblem == nil, photosProblem == nil else { return effects.focus("[aria-invalid=true]") }
            // An application would move them to where it keeps them; here they are looked at and forgotten.
            let kept = photos.take().map { Album.Photo(name: $0.name, kind: $0.kind?.type ?? "", bytes: $0.size) }
            album = Album(title: title, photos: kept)
            (title, isTouched, wasSent) = ("", false, false)
            photos.cancelAll()
            effects.reset(form: "album")
        }
    }

    private var titleProblem: String? {
        if title.allSatisfy(\.isWhitespace) { return "What is in the pictures?" }
        return title.count > 60 ? "At most 60 characters." : nil
    }

    private var photosProblem: String? {
        if photos.isBusy { return "One moment, pictures are still on their way." }
        return photos.files.isEmpty ? "Choose a picture." : nil
    }

    public var body: HTML {
        let titleProblem = isTouched ? titleProblem : nil, photosProblem = wasSent ? photosProblem : nil
        return """
            <form id="album" class="fields" enctype="multipart/form-data" novalidate \(on: .input, Event.changed) \(on: .submit, Event.save)>
            <div class="field"><label for="album-title">Title</label>
            <input id="album-title" name="title" value="\(title)" autocomplete="off" aria-invalid="\(titleProblem == nil ? "false" : "true")" aria-describedby="album-title-problem">
            <p class="problem" id="album-title-problem" role="alert">\(titleProblem ?? "")</p></div>
            <div class="field"><label class="drop" for="photos" data-drop="photos"><b>Drop pictures here</b><span>or choose them:</span>
            <input \(upload: photos) aria-invalid="\(photosProblem == nil ? "false" : "true")" aria-describedby="photos-hint photos-problem"></label>
            <p class="hint" id="photos-hint">PNG, JPEG, GIF, WebP or AVIF; four at most, of 5 MB each.</p>
            <ul class="files">\(each: photos.entries, key: { $0.id }, Self.row)</ul>
            <p class="problem" id="photos-problem" role="alert">\(photosProblem ?? "")</p></div>
            <button class="button primary" data-disable-with="Saving…">Save the album</button>
            </form>
            <section class="album" aria-live="polite">\(album.map(Self.shown))</section>
            """
    }

    private static func row(_ entry: LiveUpload.Entry) -> HTML {
        """
        <li class="file"><b>\(entry.name)</b> <small>\(size(entry.size))</small>
        \(entry.problem.map(complaint) ?? bar(entry))
        <button type="button" class="button" aria-label="Remove \(entry.name)" \(on: .click, Event.remove(entry.id))>Remove</button></li>
        """
    }

    private static func bar(_ entry: LiveUpload.Entry) -> HTML {
        "<progress max=\"100\" value=\"\(entry.percent)\" aria-label=\"\(entry.name)\"></progress><output>\(entry.percent)%</output>"
    }

    private static func complaint(_ problem: UploadProblem) -> HTML { "<p class=\"problem\">\(problem)</p>" }

    private static func shown(_ album: Album) -> HTML {
        """
        <h2>\(album.title)</h2>
        <ul class="names">\(album.photos.map { "<li>\($0.name) <small>\($0.kind), \(size($0.bytes))</small></li>" })</ul>
        """
    }

    private static func size(_ bytes: Int) -> String {
        bytes < 1 << 20 ? "\((bytes + 1_023) / 1_024) KB" : "\(bytes >> 20).\((bytes >> 10) % 1_024 * 10 / 1_024) MB"
    }
}
