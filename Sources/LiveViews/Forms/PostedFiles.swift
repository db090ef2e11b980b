public import NIOCore

// Uploads where there is no JavaScript (live protocol §12): a form with `enctype="multipart/form-data"` is posted with its files, which are taken as they come.

/// What the action and the type of a form with files say, before its body is read.
public struct PostedFiles: Sendable {
    let form: PostedForm
    let parser: MultipartParser

    /// What is wrong with a posted form.
    public enum Fault: Error, Hashable, Sendable {
        /// It is no form of a live view, or no multipart/form-data; for the log and the sender, in words.
        case malformed(String)
        /// It has more in it than its view can take.
        case tooLarge
    }

    /// - Parameters:
    ///   - request: with the action's query.
    ///   - contentType: of the request.
    /// - Returns: nil if this is no `multipart/form-data`.
    /// - Throws: ``Fault/malformed(_:)``.
    public init?(_ request: LiveRequest, contentType: String) throws(Fault) {
        guard MultipartParser.isMultipart(contentType) else { return nil }
        do {
            parser = try MultipartParser(contentType: contentType)
        } catch {
            throw .malformed(error.rawValue)
        }
        guard let form = PostedForm(request) else { throw .malformed("this is no form of this page") }
        self.form = form
    }
}

extension LiveRoute {
    /// How long a posted form with files may take to come.
    public var uploadTimeout: Duration { runtime.configuration.uploads.fileTimeout }

    /// The page after a form with files was posted: they are taken into the view's uploads by the same rules as those that come over a socket, then the event is handled.
    ///
    /// - Parameters:
    ///   - request: without the query of the action.
    ///   - form: what the action and the type said.
    ///   - body: as it comes.
    ///   - maxFieldBytes: of all that is no file.
    ///   - make: a view for this request, not mounted.
    /// - Throws: ``PostedFiles/Fault``, ``EventError`` if the view has no such event; what `body`, `make` and ``LiveView/mount(_:)`` throw.
    public func page<Body: AsyncSequence & Sendable>(
        _ request: LiveRequest, posted form: PostedFiles, body: Body, maxFieldBytes: Int,
        make: @Sendable (LiveRequest) async throws -> View
    ) async throws -> PostedPage where Body.Element == ByteBuffer {
        var view = try await postedView(request, form.form, make)
        let number = form.form.view == 0 ? nil : try number(of: form.form, in: view)
        var reader = PostedReader(view, number, runtime, form.parser, maxFieldBytes: maxFieldBytes)
        for try await bytes in body { try await reader.receive(bytes) }
        try reader.finish(&view)
        var form = form.form
        form.fields = reader.fields
        return try await page(request, of: view, after: form)
    }
}

/// Reads a form with files into the uploads of a view.
private struct PostedReader<View: LiveView> {
    private enum Part {
        case field(String, [UInt8])
        case file(Int, id: Int, UploadContent, head: [UInt8], size: Int)
        /// A file that is refused, or for which there is no upload.
        case ignored
    }

    private let runtime: LiveRuntime
    private let serial: Int
    private let places: [UploadPlace<View>]
    private var uploads: [LiveUpload]
    private var room: UploadRoom
    private var parser: MultipartParser
    private var part = Part.ignored
    private var lastID = 0
    private var bytesLeft: Int
    private var fieldBytesLeft: Int
    private(set) var values: [String: [String]] = [:]

    var fields: FormFields { FormFields(values) }

    /// - Parameter number: of the view whose form it is; nil: the page's own.
    init(_ view: View, _ number: ViewNumber<View>?, _ runtime: LiveRuntime, _ parser: MultipartParser, maxFieldBytes: Int) {
        self.runtime = runtime
        self.parser = parser
        let serial = number?.serial ?? 0
        self.serial = serial
        places = View.uploadPlaces.filter { $0.slot == number?.slot && $0.get(view, serial) != nil }
        uploads = places.compactMap { $0.get(view, serial) }
        let limits = runtime.configuration.uploads
        room = UploadRoom(files: limits.maxFilesPerView, bytes: limits.maxBytesPerView)
        fieldBytesLeft = maxFieldBytes
        // A file that is a little too large is refused by name, and not the whole form.
        bytesLeft = uploads.reduce(maxFieldBytes) { sum, upload in
            let (bytes, isTooMuch) = upload.maxFileBytes.multipliedReportingOverflow(by: min(upload.maxFiles, LiveUpload.maxOffer) + 1)
            return isTooMuch || bytes > limits.maxBytesPerView ? limits.maxBytesPerView : min(sum + bytes, limits.maxBytesPerView)
        }
    }

    mutating func receive(_ bytes: ByteBuffer) async throws {
        bytesLeft -= bytes.readableBytes
        guard bytesLeft >= 0 else { throw PostedFiles.Fault.tooLarge }
        for event in try parsed({ (parser) throws(MultipartParser.Fault) in try parser.receive(bytes) }) {
            switch event {
            case .part(let name, let filename, let type): part = begin(name, filename, type)
            case .bytes(let bytes): try await receive(content: bytes)
            case .endOfPart: try end()
            }
        }
    }

    private mutating func parsed<Value>(_ work: (inout MultipartParser) throws(MultipartParser.Fault) -> Value) throws -> Value {
        do throws(MultipartParser.Fault) {
            return try work(&parser)
        } catch {
            throw PostedFiles.Fault.malformed(error.rawValue)
        }
    }

    private mutating func begin(_ name: String, _ filename: String?, _ type: String) -> Part {
        guard let filename else { return .field(name, []) }
        // A control in which nothing is chosen has an empty name.
        guard !filename.isEmpty, let index = uploads.firstIndex(where: { $0.name == name }) else { return .ignored }
        lastID += 1
        // How large it is comes out when it has come.
        let file = OfferedFile(name: filename, type: type, size: 0)
        guard uploads[index].offer(file, id: lastID, &room) == nil else {
            runtime.metrics.refusedUpload()
            return .ignored
        }
        let limits = runtime.configuration.uploads
        let content = UploadContent(runtime.uploads, isInMemory: uploads[index].maxFileBytes <= limits.maxBytesInMemory)
        return .file(index, id: lastID, content, head: [], size: 0)
    }

    private mutating func receive(content bytes: ByteBuffer) async throws {
        switch part {
        case .ignored: break
        case .field(let name, let value):
            fieldBytesLeft -= bytes.readableBytes
            guard fieldBytesLeft >= 0 else { throw PostedFiles.Fault.tooLarge }
            part = .field(name, value + bytes.readableBytesView)
        case .file(let index, let id, let content, let head, let size):
            runtime.metrics.uploaded(bytes: bytes.readableBytes)
            do throws(UploadProblem) {
                let newSize = size + bytes.readableBytes
                guard newSize <= uploads[index].maxFileBytes else { throw .tooLarge(limit: uploads[index].maxFileBytes) }
                guard newSize <= room.bytes else { throw .noRoom }
                try await content.append(bytes)
                let newHead = head + bytes.readableBytesView.prefix(FileKind.headLength - min(head.count, FileKind.headLength))
                part = .file(index, id: id, content, head: newHead, size: newSize)
            } catch {
                refuse(index, id, error)
            }
        }
    }

    private mutating func refuse(_ index: Int, _ id: Int, _ problem: UploadProblem) {
        runtime.metrics.refusedUpload()
        part = .ignored
        uploads[index][id]?.state = .refused(problem)
    }

    private mutating func end() throws {
        switch part {
        case .ignored: break
        case .field(let name, let value):
            guard let text = String(validating: value, as: UTF8.self) else {
                throw PostedFiles.Fault.malformed("a field of the form is no text")
            }
            values[name, default: []].append(text)
        case .file(let index, let id, let content, let head, let size):
            guard var entry = uploads[index][id] else { return }
            do throws(UploadProblem) {
                let kind = try uploads[index].kind(name: entry.name, type: entry.claimedType, head: head)
                let file = UploadedFile(name: entry.name, claimedType: entry.claimedType, kind: kind, size: size, content: content)
                entry = LiveUpload.Entry(id: id, name: entry.name, claimedType: entry.claimedType, size: size, state: .finished(file))
                uploads[index][id] = entry
                room.bytes -= size
                runtime.metrics.finishedUpload()
            } catch {
                refuse(index, id, error)
            }
        }
        part = .ignored
    }

    mutating func finish(_ view: inout View) throws {
        try parsed { (parser) throws(MultipartParser.Fault) in try parser.finish() }
        for (place, upload) in zip(places, uploads) { place.change(&view, serial) { $0 = upload } }
    }
}
