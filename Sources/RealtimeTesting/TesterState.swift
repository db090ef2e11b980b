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
        case .refusal, .push, .flash, .focus, .reset, .away, .reload: break
        case .unknown: fault = LiveTesterError(.badMessage, "the server has sent \(message.text.prefix(200))")
        }
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
