import LiveHTML
import LiveViews

/// What a browser has of a page.
struct TesterState {
    /// What came as a page.
    var painted = ""
    var client = ClientView()
    /// What the server knows of the page: its seal, and the hash if the page still shows just that.
    var seal = ""
    var hash = ""
    var url: String
    var title: String?

    var isConnected = false
    var hasJoined = false
    /// The page has been bound and no tree has come, so that patches can't be applied yet.
    var waitsForTree = false
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
    var markedHTML: String { client.sequence == nil ? painted : client.html }

    var html: String { markedHTML.replacing("<!--[-->", with: "").replacing("<!--]-->", with: "") }

    mutating func receive(_ message: ServerMessage) {
        if waitsForTree, message.kind == .tree {
            // The tester has asked for it, no browser would.
            waitsForTree = false
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
            if !waitsForTree { apply(message) }
        case .bind:
            hasJoined = true
            waitsForTree = true
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
        do throws(ClientError) {
            if message.isBinary { try client.receive(binary: message.bytes) } else { try client.receive(message.bytes) }
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
