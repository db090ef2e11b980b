import LiveHTML
import LiveViews

/// What a browser has of a page.
struct TesterState {
    /// What came as a page.
    var painted = ""
    /// By their numbers: the page's own is 0.
    private var views: [Int: ClientView] = [:]
    /// What the server knows of the page: its seal, and the hash if the page still shows just that.
    var seal = ""
    var hash = ""
    var url: String
    var title: String?

    var isConnected = false
    var hasJoined = false
    /// The views that have been bound and of which no tree has come, so that patches can't be applied yet.
    private(set) var waitsForTree: Set<Int> = []
    var closed: (code: LiveCloseCode, reason: String)?
    var fault: LiveTesterError?

    var lastRef = 0
    var acknowledged = 0

    var messages: [ServerMessage] = []
    /// The first message of the last step.
    var stepStart = 0
    var destination: String?

    /// The files that were chosen, and by the number of an offer which of them it is about.
    var files: [ChosenFile] = []
    var offers: [Int: [Int]] = [:]

    /// What has been typed and not been handled yet, by the control's name in the page.
    var edits: [String: ControlValue] = [:]
    /// The controls that somebody has touched.
    var touched: Set<String> = []

    init(url: String) {
        self.url = url
    }

    /// With the marks between which values are.
    var markedHTML: String { page { _, html in html } }

    var html: String { markedHTML.replacing("<!--[-->", with: "").replacing("<!--]-->", with: "") }

    /// The elements, each with the view that it is in.
    var tree: PageTree { PageTree(page { number, html in "\(PageTree.start(ofView: number))\(html)\(PageTree.endOfView)" }) }

    private func page(_ around: (Int, String) -> String) -> String {
        guard views[0]?.sequence != nil else { return painted }
        return html(0, depth: 0, around)
    }

    private func html(_ number: Int, depth: Int, _ around: (Int, String) -> String) -> String {
        // A view that is in itself would be a mistake of the server.
        guard depth < 16, let view = views[number] else { return "" }
        return view.html { around($0, html($0, depth: depth + 1, around)) }
    }

    /// Whether the page has a view in it that has not come yet.
    var lacksViews: Bool {
        var lacks = false
        _ = page { number, html in
            if views[number]?.sequence == nil { lacks = true }
            return html
        }
        return lacks
    }

    /// What the page shows, once it is known: of what is bound it is when the tree is there.
    private var shownViews: Set<Int>? {
        guard views[0]?.sequence != nil else { return nil }
        var shown: Set<Int> = [0]
        _ = page { number, html in
            shown.insert(number)
            return html
        }
        return shown
    }

    private func isShown(_ number: Int) -> Bool { number == 0 || shownViews?.contains(number) ?? true }

    /// As a browser does. Its templates stay.
    private mutating func forgetHiddenViews() {
        guard let shown = shownViews else { return }
        for (number, view) in views where !shown.contains(number) {
            if waitsForTree.remove(number) != nil {
                fault = LiveTesterError(.badMessage, "the server binds view \(number), which is not in the page")
            }
            views[number] = nil
            views[0]?.keep(templatesOf: view)
        }
    }

    /// The templates that the page has.
    var fingerprints: Set<String> { views.values.reduce(into: []) { $0.formUnion($1.fingerprints) } }

    /// A new connection: the page has what it had, and no view is bound.
    mutating func forgetViews() {
        var known = ClientView()
        for view in views.values { known.keep(templatesOf: view) }
        views = [0: known]
        waitsForTree = []
    }

    mutating func receive(_ message: ServerMessage) {
        if message.kind == .tree, waitsForTree.remove(message.view) != nil {
            // The tester has asked for it, no browser would.
            return apply(message)
        }
        messages.append(message)
        switch message.kind {
        case .templates: apply(message)
        case .tree:
            hasJoined = true
            hash = ""
            apply(message)
        case .patch:
            hash = ""
            if !waitsForTree.contains(message.view) { apply(message) }
        case .bind:
            hasJoined = true
            waitsForTree.insert(message.view)
        case .acknowledgement: acknowledged = message.acknowledged ?? acknowledged
        case .seal:
            seal = message.string(1) ?? ""
            hash = message.string(2) ?? ""
        case .title: title = message.string(1)
        case .address: url = message.string(1) ?? url
        case .go: destination = message.string(1)
        case .offered, .taken, .ended: receive(upload: message)
        case .refusal, .push, .flash, .focus, .reset, .away, .reload: break
        case .unknown: fault = Self.wrong(message)
        }
    }

    private mutating func receive(upload message: ServerMessage) {
        guard let number = message.integer(1) else { return fault = Self.wrong(message) }
        let index = files.lastIndex { $0.id == number }
        switch message.kind {
        case .offered:
            guard let offer = offers.removeValue(forKey: number), let answers = message.answers, answers.count == offer.count else {
                return fault = Self.wrong(message)
            }
            for (index, answer) in zip(offer, answers) { (files[index].id, files[index].refusal) = answer }
        case .taken:
            // Of a file that is over here, it may be under way.
            guard let index, !files[index].isOver else { return }
            guard let taken = message.integer(2), taken > files[index].taken, taken <= files[index].sent else {
                return fault = Self.wrong(message)
            }
            files[index].taken = taken
        default: if let index { files[index].isOver = true }
        }
    }

    private static func wrong(_ message: ServerMessage) -> LiveTesterError {
        LiveTesterError(.badMessage, "the server has sent \(message.text.prefix(200))")
    }

    private mutating func apply(_ message: ServerMessage) {
        guard isShown(message.view) else {
            return fault = LiveTesterError(
                .badMessage, "a browser has no view \(message.view) in its page: \(message.text.prefix(200))")
        }
        defer { forgetHiddenViews() }
        var view = views[message.view] ?? ClientView(number: message.view)
        if message.kind == .templates {
            for (number, other) in views where number != message.view { view.keep(templatesOf: other) }
        }
        do throws(ClientError) {
            if message.isBinary { try view.receive(binary: message.bytes) } else { try view.receive(message.bytes) }
            views[message.view] = view
        } catch {
            fault = LiveTesterError(.badMessage, "a browser would refuse \(message.text.prefix(200)): \(error)")
        }
    }
}

/// What is in a control.
enum ControlValue: Hashable {
    case text(String)
    case isChecked(Bool)
}
