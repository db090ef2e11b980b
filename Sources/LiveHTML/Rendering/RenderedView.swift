/// What a server remembers of a view between two renders, to send the difference alone: about 8 bytes for each value in the page and no text.
///
/// ```swift
/// var view = RenderedView(cache: cache)
/// _ = try view.update(body)                      // nothing to send: the page shows it
/// send(view.templates(), view.shape())           // to a client that joins
/// …
/// let update = try view.update(body)             // after a change
/// if !update.isEmpty { send(update.templates, update.patch) }
/// ```
///
/// It stays with the event loop or actor of its ``TemplateCache``.
public struct RenderedView {
    private let cache: TemplateCache
    private var tape: Tape = []
    private var known = KnownTemplates()
    private var streams = StreamRecord()
    /// Its number in the page.
    public let number: Int
    /// Of the last patch.
    public private(set) var sequence = 0

    /// What is to be sent after a render.
    public struct Update: Hashable, Sendable {
        /// A text message that has to come before the patch, or nothing.
        public var templates: [UInt8] = []
        /// A text or binary message, by the format; nothing if the page would look the same.
        public var patch: [UInt8] = []

        public init(templates: [UInt8] = [], patch: [UInt8] = []) {
            self.templates = templates
            self.patch = patch
        }

        /// There is nothing to send.
        public var isEmpty: Bool { patch.isEmpty }
    }

    /// A view that has not been rendered. Number 0 is the page's own; others are inserted with `\(view: number)`.
    public init(number: Int = 0, cache: TemplateCache) {
        self.number = number
        self.cache = cache
    }

    /// Renders it. The first time there is no patch, for there is nothing that a client could have.
    ///
    /// When it throws, it is as if it had not been called.
    public mutating func update(_ html: HTML, as format: PatchFormat = .json) throws(TemplateError) -> Update {
        let template = try template(of: html)
        let knew = known.count
        let isSame = tape.first.map { TapeHeader($0).first == template.index }
        let start = isSame == true ? patchStart(format) : treeStart(format, sequence &+ 1)
        let empty = start.count
        let written =
            switch format {
            case .json: try write(html, template, JSONPatchSink(start), isPatch: isSame == true)
            case .binary: try write(html, template, BinaryPatchSink(start), isPatch: isSame == true)
            }
        tape.take(written.change)
        known = written.known
        streams.isUsed = streams.isUsed || written.streams.isUsed
        streams.isDeep = streams.isDeep || written.streams.isDeep
        streams.views.formUnion(written.streams.views)
        streams.written += written.streams.written
        guard isSame != nil, written.output.count > empty else { return Update() }
        sequence &+= 1
        return Update(templates: templates(from: knew, unknownTo: nil), patch: Self.ended(written.output, format))
    }

    /// Most often that of the last render.
    private func template(of html: HTML) throws(TemplateError) -> Template {
        if let header = tape.first {
            let last = cache.templates[TapeHeader(header).first]
            if last.outline.isOf(html.parts) { return last }
        }
        return try cache.template(of: html)
    }

    /// Of the templates that the view has needed so far.
    public var fingerprints: [String] { known.indices.map { cache.templates[Int($0)].fingerprint } }

    /// The definitions of all templates that the view has needed so far, as a text message; nothing if it has not been rendered.
    ///
    /// - Parameter fingerprints: What the client has said it has.
    public func templates(knownToClient fingerprints: Set<String> = []) -> [UInt8] {
        templates(from: 0, unknownTo: fingerprints)
    }

    /// Whether there are rows of which nothing but their keys is remembered: ``tree(_:as:)`` has those alone that have just been given.
    public var hasForgottenRows: Bool { streams.isUsed }

    /// Whether ``shape()`` can tell what a page looks like that shows it.
    public var hasShape: Bool { !streams.isDeep }

    /// The other views that were in it at the last render. One that was in a row of which nothing but its key is remembered is taken to be there from then on.
    package var shownViews: Set<Int> {
        guard !tape.isEmpty else { return [] }
        var finder = ViewFinder(cache.templates)
        finder.instance(at: 0, on: tape)
        return finder.found.union(streams.views)
    }

    /// The owners of rows that have been written since it was last asked.
    package mutating func takeWritten() -> [any Sendable] {
        guard !streams.written.isEmpty else { return [] }
        defer { streams.written = [] }
        return streams.written
    }

    /// The whole view as a message, for a client whose page does not show it. `html` must be what ``update(_:as:)`` was last called with.
    public func tree(_ html: HTML, as format: PatchFormat = .json) throws(TemplateError) -> [UInt8] {
        let template = try cache.template(of: html)
        let start = treeStart(format, sequence)
        switch format {
        case .json: return Self.ended(try write(html, template, JSONPatchSink(start), isPatch: false).output, format)
        case .binary: return try write(html, template, BinaryPatchSink(start), isPatch: false).output
        }
    }

    /// What a client needs to bind a page that shows the view, as a text message; nothing if it has not been rendered.
    public func shape() -> [UInt8] {
        guard !tape.isEmpty else { return [] }
        var output = Array("[\"b\",\(number),\(sequence),".utf8)
        var writer = ShapeWriter(tape: tape, templates: cache.templates, known: known)
        writer.instance(at: 0, into: &output)
        output.append(UInt8(ascii: "]"))
        return output
    }
}

extension RenderedView {
    private typealias Written = (output: [UInt8], change: TapeChange, known: KnownTemplates, streams: StreamRecord)

    private func write(
        _ html: HTML, _ template: Template, _ sink: consuming some PatchSink, isPatch: Bool
    ) throws(TemplateError) -> Written {
        var writer = TreeWriter(cache: cache, old: isPatch ? tape : [], sink: sink, known: known)
        if isPatch { try writer.update(html, template, at: 0) } else { try writer.instance(html, template) }
        return (writer.sink.output, writer.finished(), writer.known, writer.streams)
    }

    private func patchStart(_ format: PatchFormat) -> [UInt8] {
        switch format {
        case .json: jsonStart(number == 0 ? "[" : "[\"p\",", sequence &+ 1)
        case .binary: binaryStart(1, sequence &+ 1)
        }
    }

    private func treeStart(_ format: PatchFormat, _ sequence: Int) -> [UInt8] {
        switch format {
        case .json: jsonStart("[\"j\",", sequence)
        case .binary: binaryStart(2, sequence)
        }
    }

    /// The shortest one does without the view's number.
    private func jsonStart(_ kind: StaticString, _ sequence: Int) -> [UInt8] {
        var start: [UInt8] = []
        start.reserveCapacity(64)
        start.append(kind)
        if kind.utf8CodeUnitCount > 1 {
            start.appendDecimal(number)
            start.append(UInt8(ascii: ","))
        }
        start.appendDecimal(sequence)
        return start
    }

    private func binaryStart(_ kind: UInt8, _ sequence: Int) -> [UInt8] {
        var start = [kind]
        start.reserveCapacity(64)
        start.appendVarint(number)
        start.appendVarint(sequence)
        return start
    }

    private static func ended(_ message: consuming [UInt8], _ format: PatchFormat) -> [UInt8] {
        if format == .json { message.append(UInt8(ascii: "]")) }
        return message
    }

    private func templates(from first: Int, unknownTo fingerprints: Set<String>?) -> [UInt8] {
        guard known.count > first else { return [] }
        var output = Array("[\"t\",\(number)".utf8)
        for (number, index) in known.indices.enumerated().dropFirst(first) {
            let template = cache.templates[Int(index)]
            output += Array(",[\(number),\"\(template.fingerprint)\"".utf8)
            if fingerprints?.contains(template.fingerprint) != true {
                output.append(UInt8(ascii: ","))
                output += template.definition
            }
            output.append(UInt8(ascii: "]"))
        }
        output.append(UInt8(ascii: "]"))
        return output
    }
}
