import LiveHTML
public import NIOCore
import RealtimeHub
import RealtimeProtocol

// Forms where there is no JavaScript (live protocol §12): a page's forms have an action that says which event they are and what the view's state was; what a browser posts there is that event's value.

/// What a browser without JavaScript posted: a form, and what its action said.
public struct PostedForm: Sendable {
    let event: String
    let seal: String
    /// The number of the view whose form it is, and what else it is called.
    let view: Int
    let viewName: String
    var fields = FormFields()

    /// - Parameters:
    ///   - request: with the action's query.
    ///   - body: in the encoding `application/x-www-form-urlencoded`.
    /// - Returns: nil if no form of a live view has such an action, or the body is not text.
    public init?(_ request: LiveRequest, body: ByteBuffer) {
        guard let text = String(validating: body.readableBytesView, as: UTF8.self) else { return nil }
        self.init(request)
        var fields: [String: [String]] = [:]
        for pair in text.split(separator: "&").prefix(1_000) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? PercentEncoding.decoded(parts[1]) : ""
            fields[PercentEncoding.decoded(parts.first ?? ""), default: []].append(value)
        }
        self.fields = FormFields(fields)
    }

    /// What the action says.
    init?(_ request: LiveRequest) {
        guard let event = request.query("_event"), let view = Int(request.query("_view") ?? "0") else { return nil }
        self.event = event
        self.view = view
        seal = request.query("_seal") ?? ""
        viewName = request.query("_key") ?? ""
    }

    /// As a browser with JavaScript sends them.
    fileprivate var input: JSONValue? {
        let members = fields.all.map { name, values in
            let values = values.map { EventNode.quoted($0) }
            return "\(EventNode.quoted(name)):" + (values.count == 1 ? values[0] : "[\(values.joined(separator: ","))]")
        }
        return try? JSONValue(ByteBuffer(string: "{\(members.joined(separator: ","))}"))
    }
}

/// What is answered to a posted form.
public enum PostedPage: Sendable {
    case page(LivePage)
    /// The view wants the user to be elsewhere.
    case elsewhere(String)
}

extension LiveRoute {
    /// The page after a form was posted: the view is resumed, or made and mounted, the event handled. Effects are done as far as they don't need a browser that waits: other events,
    /// work (for 30 s at most), publications, addresses.
    ///
    /// - Throws: ``EventError`` if the view has no such event; what `make` and ``LiveView/mount(_:)`` throw.
    public func page(
        _ request: LiveRequest, posted form: PostedForm, make: @Sendable (LiveRequest) async throws -> View
    ) async throws -> PostedPage {
        try await page(request, of: try await postedView(request, form, make), after: form)
    }

    /// The view to which something is posted.
    func postedView(
        _ request: LiveRequest, _ form: PostedForm, _ make: @Sendable (LiveRequest) async throws -> View
    ) async throws -> View {
        switch await self.view(for: request, seal: form.seal, make: make) {
        case .resumed(let view), .mounted(let view): return view
        case .failed(let error): throw error
        }
    }

    func page(_ request: LiveRequest, of posted: View, after form: PostedForm) async throws -> PostedPage {
        runtime.metrics.received()
        var view = posted
        var address: String?
        var effects = try handle(form, &view)[...]
        // A view that always has more to do gets no more than these.
        for _ in 0..<1_000 {
            guard let effect = effects.popFirst() else { break }
            switch effect {
            case .publish(let channel, let data): _ = try? await runtime.hub?.publish(data, to: channel)
            case .address(let url): address = url
            case .work(let work): if let change = await Self.result(of: work) { effects += change(&view) }
            }
        }
        if let address { return .elsewhere(address) }
        return .page(try page(of: view, request))
    }

    private func handle(_ form: PostedForm, _ view: inout View) throws -> [PostedEffect<View>] {
        guard form.view != 0 else { return try PostedEffect.all(of: &view, form, runtime) }
        let number = try number(of: form, in: view)
        return try number.child.posted(&view, number.serial, form, runtime)
    }

    /// If the view had to be made anew, one in a list has another number now, or is gone.
    func number(of form: PostedForm, in view: View) throws(EventError) -> ViewNumber<View> {
        guard let number = ViewNumber<View>(form.view), let serial = number.child.serial(view, form.viewName, number.serial) else {
            throw .syntax
        }
        return ViewNumber(slot: number.slot, serial: serial)
    }

    /// Work that takes longer is cancelled.
    private static func result(of work: @escaping PostedEffect<View>.Work) async -> PostedEffect<View>.Change? {
        await withTaskGroup(of: PostedEffect<View>.Change?.self) { group in
            group.addTask { await work() }
            group.addTask {
                try? await Task.sleep(for: .seconds(30))
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
    }
}

/// What is done for a view when there is no browser that waits.
enum PostedEffect<View: LiveView>: Sendable {
    typealias Work = @Sendable () async -> Change?
    /// What came of it changes the view.
    typealias Change = @Sendable (inout View) -> [PostedEffect]

    case publish(channel: String, [UInt8])
    case address(String)
    case work(Work)

    /// What comes of a form, of its controls before it, and of the events that they send.
    static func all(of view: inout View, _ form: PostedForm, _ runtime: LiveRuntime) throws -> [PostedEffect] {
        let last: View.Event = try EventText.event(form.event, input: form.input)
        let controls = FormControls(try runtime.painted(view.body) { _ in HTML() }.text, formOf: form.event)
        // What a control's event refuses changes nothing, as when it is typed.
        var events: [View.Event] = controls.events(form.fields).compactMap { try? EventText.event($0.event, input: $0.value) }
        events.append(last)
        return all(of: &view, events)
    }

    private static func all(of view: inout View, _ first: [View.Event]) -> [PostedEffect] {
        var found: [PostedEffect] = []
        var events = first
        let most = events.count + 16
        // A view that always has another event gets no more than these.
        for _ in 0..<most where !events.isEmpty {
            var effects = LiveEffects<View.Event>()
            view.handle(events.removeFirst(), &effects)
            for effect in effects.effects {
                switch effect {
                case .send(let event): events.append(event)
                case .run(_, let work):
                    found.append(
                        .work {
                            guard let event = await work() else { return nil }
                            return { all(of: &$0, [event]) }
                        })
                case .publish(let channel, let data): found.append(.publish(channel: channel, data))
                case .message(.go(let url)), .message(.address(let url, replaces: _)):
                    if LiveRequest.isAddress(url) { found.append(.address(url)) }
                default: break
                }
            }
        }
        return found
    }

    /// The same, for the view around it.
    func inParent<Parent: LiveView>(
        _ change: @escaping @Sendable (inout Parent, (inout View) throws -> Void) throws -> Void
    ) -> PostedEffect<Parent> {
        switch self {
        case .publish(let channel, let data): .publish(channel: channel, data)
        case .address(let url): .address(url)
        case .work(let work):
            .work {
                guard let next = await work() else { return nil }
                return { parent in
                    var found: [PostedEffect] = []
                    // It may be gone.
                    try? change(&parent) { found = next(&$0) }
                    return found.map { $0.inParent(change) }
                }
            }
        }
    }
}

/// Gives the forms of a painted view an action.
package enum FormActions {
    private static let action = Array(" method=\"post\" action=\"?_event=".utf8)
    private static let mark = Array(" data-on-submit=\"".utf8)

    /// A text of a view can't look like the attribute: its quotes are escaped.
    ///
    /// - Parameters:
    ///   - page: what was painted.
    ///   - views: where in it other views are, in their order.
    ///   - name: what a view is called besides its number.
    static func added(to page: [UInt8], seal: String, views: [PaintedView], name: (Int) -> String?) -> String {
        var output: [UInt8] = []
        var views = views[...]
        var rest = page[...]
        while let place = rest.firstRange(of: mark) {
            output += rest[..<place.lowerBound]
            let event = rest[place.upperBound...].prefix { $0 != UInt8(ascii: "\"") }
            while let view = views.first, view.range.upperBound <= place.lowerBound { views.removeFirst() }
            output +=
                action
                + Array(
                    "\(percentEncoded(CharacterReference.resolved(event)))&amp;_seal=\(seal)\(view(at: place.lowerBound, views, name))\""
                        .utf8)
            output += rest[place.lowerBound..<event.endIndex]
            rest = rest[event.endIndex...]
        }
        return String(decoding: output + rest, as: UTF8.self)
    }

    /// Whose form it is.
    private static func view(at place: Int, _ views: ArraySlice<PaintedView>, _ name: (Int) -> String?) -> String {
        guard let view = views.first, view.range.contains(place) else { return "" }
        let key = name(view.number) ?? ""
        return "&amp;_view=\(view.number)" + (key.isEmpty ? "" : "&amp;_key=\(percentEncoded(Array(key.utf8)))")
    }

    /// The view as it is rendered.
    package static func removed(from page: String) -> String {
        var output: [UInt8] = []
        var rest = Array(page.utf8)[...]
        while let place = rest.firstRange(of: action) {
            output += rest[..<place.lowerBound]
            rest = rest[place.upperBound...].drop { $0 != UInt8(ascii: "\"") }.dropFirst()
        }
        return String(decoding: output + rest, as: UTF8.self)
    }

    private static func percentEncoded(_ bytes: [UInt8]) -> String {
        var text = ""
        for byte in bytes {
            let isPlain = byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || Character(Unicode.Scalar(byte)).isNumber)
            text += isPlain ? String(Unicode.Scalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
        return text
    }
}
