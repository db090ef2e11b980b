public import LiveViews
import NIOCore
import RealtimeProtocol
import Synchronization

extension LiveTester {
    // MARK: The page

    /// What the view's element contains, without the comments between which values are.
    public var html: String { state.withLock(\.html) }

    /// With these comments.
    package var markedHTML: String { state.withLock(\.markedHTML) }

    /// The title of the page, if it is the view's.
    public var title: String? { state.withLock(\.title) }

    /// The page's address.
    public var address: String { state.withLock(\.url) }

    /// Where the server, or a link with `data-navigate`, has sent the user, if it has.
    public var destination: String? { state.withLock(\.destination) }

    func tree() -> PageTree { state.withLock(\.tree) }

    func all(_ selector: String, _ tree: PageTree) throws(LiveTesterError) -> [Int] {
        guard let parsed = Selector(selector) else { throw LiveTesterError(.badSelector, "“\(selector)” is no selector") }
        return parsed.matches(in: tree)
    }

    func one(_ selector: String, _ tree: PageTree) throws(LiveTesterError) -> Int {
        let found = try all(selector, tree)
        guard let first = found.first else { throw LiveTesterError(.noElement, "there is no element “\(selector)” in \(html)") }
        guard found.count == 1 else {
            throw LiveTesterError(.severalElements, "there are \(found.count) elements “\(selector)”, and one is wanted, in \(html)")
        }
        return first
    }

    /// The text of an element as it is shown: white space is one space.
    ///
    /// - Throws: ``LiveTesterError`` if there is no such element, or more than one.
    public func text(of selector: String) throws(LiveTesterError) -> String {
        let tree = tree()
        return tree.text(of: try one(selector, tree)).shown
    }

    /// The texts of all elements that the selector finds, in the order of the page.
    public func texts(of selector: String) throws(LiveTesterError) -> [String] {
        let tree = tree()
        return try all(selector, tree).map { tree.text(of: $0).shown }
    }

    /// An attribute of an element; nil if it has none of this name, empty if it has no value.
    public func attribute(_ name: String, of selector: String) throws(LiveTesterError) -> String? {
        let tree = tree()
        return tree.elements[try one(selector, tree)].attributes[name.lowercased()]
    }

    /// Whether there is at least one such element.
    public func exists(_ selector: String) throws(LiveTesterError) -> Bool { try !all(selector, tree()).isEmpty }

    /// How many such elements there are.
    public func count(_ selector: String) throws(LiveTesterError) -> Int { try all(selector, tree()).count }

    // MARK: The connection

    /// Whether the view is connected.
    public var isConnected: Bool { state.withLock(\.isConnected) }

    /// With what code the server has ended the connection, if it has.
    public var closeCode: LiveCloseCode? { state.withLock { $0.closed?.code } }

    // MARK: What has come

    /// The messages of the last step: of the last action, or since the last join.
    ///
    /// What comes later, such as from timers, belongs to the step before.
    public var messages: [ServerMessage] { state.withLock { Array($0.messages[$0.stepStart...]) } }

    /// All messages since the page was loaded.
    public var allMessages: [ServerMessage] { state.withLock(\.messages) }

    /// The bytes of the messages of the last step, without the headers of frames.
    public var bytesSent: Int { messages.reduce(0) { $0 + $1.bytes.count } }

    /// Of these, the bytes of patches and of the templates that had to come before them.
    public var patchBytes: Int {
        messages.reduce(0) { $0 + ($1.kind == .patch || $1.kind == .templates ? $1.bytes.count : 0) }
    }

    private func all(_ kind: ServerMessage.Kind) -> [ServerMessage] { allMessages.filter { $0.kind == kind } }

    /// What the view has pushed since the page was loaded.
    public var pushed: [PushedEvent] {
        all(.push).compactMap { message in
            guard let name = message.string(1), message.values.count == 3 else { return nil }
            return PushedEvent(name: name, json: String(buffer: message.values[2].text))
        }
    }

    /// The messages for the user since the page was loaded.
    public var flashes: [Flash] { all(.flash).map { Flash(kind: $0.string(1) ?? "", text: $0.string(2) ?? "") } }

    /// The message that is shown now.
    public var flash: Flash? { flashes.last.flatMap { $0.text.isEmpty ? nil : $0 } }

    /// The titles that were sent since the page was loaded.
    public var titles: [String] { all(.title).compactMap { $0.string(1) } }

    /// The addresses that were sent since the page was loaded.
    public var addresses: [String] { all(.address).compactMap { $0.string(1) } }

    /// The selectors of the elements that were given the focus.
    public var focused: [String] { all(.focus).compactMap { $0.string(1) } }

    /// The ids of the forms that were reset.
    public var resets: [String] { all(.reset).compactMap { $0.string(1) } }

    /// Why events were refused since the page was loaded.
    public var refusals: [String] { all(.refusal).compactMap { $0.string(2) } }
}

extension String {
    /// With the attributes of each tag in alphabetical order: `ClientView` has those with values last.
    package var normalizedAttributes: String {
        var result = ""
        var reader = TagReader(self)
        var open: [String] = []
        while let token = reader.next(inside: open.last) {
            switch token {
            case .text(let text): result += JSON.quoted(text)
            case .start(let name, let attributes, let isEmpty):
                let all = attributes.sorted { $0.key < $1.key }.map { " \($0.key)=\(JSON.quoted($0.value))" }
                result += "<\(name)\(all.joined())>"
                if !isEmpty { open.append(name) }
            case .view, .endOfView: break
            case .end(let name):
                result += "</\(name)>"
                if let index = open.lastIndex(of: name) { open.removeSubrange(index...) }
            }
        }
        return result
    }
}
