import LiveHTML
public import NIOCore
import RealtimeHub
import RealtimeProtocol

// Forms where there is no JavaScript (live protocol §12): a page's forms have an action that says which event they are and what the view's state was; what a browser posts there is that event's value.

/// What a browser without JavaScript posted: a form, and what its action said.
public struct PostedForm: Sendable {
    let event: String
    let seal: String
    let fields: FormFields

    /// - Parameters:
    ///   - request: with the action's query.
    ///   - body: in the encoding `application/x-www-form-urlencoded`.
    /// - Returns: nil if no form of a live view has such an action, or the body is not text.
    public init?(_ request: LiveRequest, body: ByteBuffer) {
        guard let event = request.query("_event"), let text = String(validating: body.readableBytesView, as: UTF8.self) else { return nil }
        self.event = event
        seal = request.query("_seal") ?? ""
        var fields: [String: [String]] = [:]
        for pair in text.split(separator: "&").prefix(1_000) {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count == 2 ? PercentEncoding.decoded(parts[1]) : ""
            fields[PercentEncoding.decoded(parts.first ?? ""), default: []].append(value)
        }
        self.fields = FormFields(fields)
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
    /// publications, addresses.
    ///
    /// - Throws: ``EventError`` if the view has no such event; what `make` and ``LiveView/mount(_:)`` throw.
    public func page(
        _ request: LiveRequest, posted form: PostedForm, make: @Sendable (LiveRequest) async throws -> View
    ) async throws -> PostedPage {
        var view: View
        switch await self.view(for: request, seal: form.seal, make: make) {
        case .resumed(let resumed): view = resumed
        case .mounted(let mounted): view = mounted
        case .failed(let error): throw error
        }
        runtime.metrics.received()
        var address: String?
        var events: [View.Event] = [try EventText.event(form.event, input: form.input)]
        // A view that always has another event gets no more than these.
        for _ in 0..<16 where !events.isEmpty {
            var effects = LiveEffects<View.Event>()
            view.handle(events.removeFirst(), &effects)
            for effect in effects.effects {
                switch effect {
                case .send(let event): events.append(event)
                case .publish(let channel, let data): _ = try? await runtime.hub?.publish(data, to: channel)
                case .message(.go(let url)), .message(.address(let url, replaces: _)): if LiveRequest.isAddress(url) { address = url }
                default: break
                }
            }
        }
        if let address { return .elsewhere(address) }
        return .page(try page(of: view, request))
    }
}

/// Gives the forms of a painted view an action.
package enum FormActions {
    private static let action = Array(" method=\"post\" action=\"?_event=".utf8)
    private static let mark = Array(" data-on-submit=\"".utf8)
    private static let references: [(String, UInt8)] = [
        ("&quot;", 0x22), ("&amp;", 0x26), ("&lt;", 0x3c), ("&gt;", 0x3e), ("&#39;", 0x27), ("&apos;", 0x27),
    ]

    /// A text of a view can't look like the attribute: its quotes are escaped.
    static func added(to painted: String, seal: String) -> String {
        let page = Array(painted.utf8)
        var output: [UInt8] = []
        var rest = page[...]
        while let place = rest.firstRange(of: mark) {
            output += rest[..<place.lowerBound]
            let event = rest[place.upperBound...].prefix { $0 != UInt8(ascii: "\"") }
            output += action + Array("\(percentEncoded(event))&amp;_seal=\(seal)\"".utf8)
            output += rest[place.lowerBound..<event.endIndex]
            rest = rest[event.endIndex...]
        }
        return rest.count == page.count ? painted : String(decoding: output + rest, as: UTF8.self)
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

    private static func percentEncoded(_ event: ArraySlice<UInt8>) -> String {
        var text = "", rest = event
        while let byte = rest.first {
            let reference = byte == UInt8(ascii: "&") ? references.first { rest.starts(with: $0.0.utf8) } : nil
            let value = reference?.1 ?? byte
            rest = rest.dropFirst(reference?.0.utf8.count ?? 1)
            let isPlain = value < 0x80 && (Character(Unicode.Scalar(value)).isLetter || Character(Unicode.Scalar(value)).isNumber)
            text += isPlain ? String(Unicode.Scalar(value)) : "%" + (value < 16 ? "0" : "") + String(value, radix: 16)
        }
        return text
    }
}
