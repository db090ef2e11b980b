// What one HTTP/1.1 connection is about, as a value.
//
//   open ──(upgrade request)──▶ waiting ──(earlier responses are sent)──▶ asking ──(101)──▶ upgraded
//    │                             │                                        │
//    │                             └──(broken)──▶ failing                   └──(any other answer)──▶ leaving
//    │                                               │                                                  ▲
//    ├──(broken request)─────────────────────────────┴──(earlier responses are sent)────────────────────┤
//    └──(a response that is the last one was sent)──────────────────────────────────────────────────────┘
//
// `leaving`: the last answer is under way, nothing more is read. Requests that follow an upgrade request are never answered: had the
// upgrade gone through, their bytes would have been frames (RFC 6455 §4.1, request smuggling).

import HTTPTypes
import NIOHTTP1

struct UpgradeStateMachine {
    enum State {
        case open
        /// The request; whether its end was read.
        case waiting(HTTPRequestHead, isComplete: Bool)
        case failing(Refusal)
        case asking(HTTPRequestHead)
        case upgraded
        case leaving
    }

    private(set) var state = State.open
    /// Requests that the application has got and not answered to the end.
    private(set) var responsesInFlight = 0
    /// A request's head was handed on, its end not yet.
    private var isRequestOpen = false
    /// The request being read is the last one of this connection: keep-alive was declined, or the decoder will stop after it.
    private var isLastRequest = false
    /// The response being written said that it is the last one.
    private var isClosingResponse = false

    /// Whether bytes are read that could be the beginning of a request.
    var isBetweenRequests: Bool {
        if case .open = state { !isRequestOpen && !isLastRequest } else { false }
    }

    /// Whether bytes that arrive can be parts of requests.
    var takesRequests: Bool {
        switch state {
        case .open, .waiting(_, isComplete: false): true
        case .waiting, .failing, .asking, .upgraded, .leaving: false
        }
    }

    var isAsking: Bool { if case .asking = state { true } else { false } }
    var isUpgraded: Bool { if case .upgraded = state { true } else { false } }
    var isLeaving: Bool { if case .leaving = state { true } else { false } }

    /// Whether it is the peer's turn to send: a request, or the rest of one.
    var awaitsPeer: Bool {
        if case .open = state { responsesInFlight == 0 || isRequestOpen } else { false }
    }

    /// Whether nobody waits for an answer.
    var owesNothing: Bool {
        if case .open = state { responsesInFlight == 0 } else { false }
    }

    /// Whether nothing is going on, and nothing will be lost if the connection is closed.
    var isIdle: Bool { isBetweenRequests && responsesInFlight == 0 }

    /// Whether the answer being written is the connection's last.
    var isLastResponse: Bool { isLastRequest && responsesInFlight <= 1 }

    // MARK: Requests

    enum RequestAction {
        /// To the application's HTTP side.
        case handOn
        /// Nothing to do (yet).
        case drop
        case ask(HTTPRequestHead)
        case refuse(Refusal)
        /// There is nobody left to answer.
        case leave
    }

    mutating func requestHead(_ head: HTTPRequestHead) -> RequestAction {
        switch state {
        case .open where isLastRequest:
            return .drop
        case .open where head.asksForWebSocket:
            state = .waiting(head, isComplete: false)
            return head.announcesBody ? broken(.upgradeWithBody) : .drop
        case .open:
            isRequestOpen = true
            isLastRequest = !head.isKeepAlive || head.stopsDecoder
            responsesInFlight += 1
            return .handOn
        case .waiting, .asking:
            return broken(.bytesAfterUpgrade)
        case .failing, .upgraded, .leaving:
            return .drop
        }
    }

    mutating func requestBody() -> RequestAction {
        switch state {
        case .open: isRequestOpen ? .handOn : .drop
        case .waiting, .asking: broken(.bytesAfterUpgrade)
        case .failing, .upgraded, .leaving: .drop
        }
    }

    mutating func requestEnd() -> RequestAction {
        switch state {
        case .open:
            guard isRequestOpen else { return .drop }
            isRequestOpen = false
            return .handOn
        case .waiting(let head, isComplete: false):
            state = .waiting(head, isComplete: true)
            return next()
        case .waiting, .asking:
            return broken(.bytesAfterUpgrade)
        case .failing, .upgraded, .leaving:
            return .drop
        }
    }

    /// The decoder could make nothing of the bytes.
    ///
    /// - Returns: `handOn` if the application is reading the request that broke off: it has to answer.
    mutating func requestBroken(_ refusal: Refusal) -> RequestAction {
        switch state {
        case .open:
            isLastRequest = true
            guard isRequestOpen else { return broken(refusal) }
            guard responsesInFlight == 0 else { return .handOn }
            state = .leaving
            return .leave
        case .waiting, .asking:
            return broken(refusal)
        case .failing, .upgraded, .leaving:
            return .drop
        }
    }

    private mutating func broken(_ refusal: Refusal) -> RequestAction {
        state = .failing(refusal)
        return next()
    }

    /// What can be done now that nothing is in flight.
    private mutating func next() -> RequestAction {
        guard responsesInFlight == 0 else { return .drop }
        switch state {
        case .waiting(let head, isComplete: true):
            state = .asking(head)
            return .ask(head)
        case .failing(let refusal):
            state = .leaving
            return .refuse(refusal)
        default:
            return .drop
        }
    }

    // MARK: Responses

    enum ResponseAction {
        case nothing
        case ask(HTTPRequestHead)
        case refuse(Refusal)
        /// That was the last one.
        case leave
    }

    /// The application declined to keep the connection after the response it is writing.
    mutating func responseCloses() {
        isLastRequest = true
        isClosingResponse = true
    }

    mutating func responseEnd() -> ResponseAction {
        guard responsesInFlight > 0 else { return .nothing }
        responsesInFlight -= 1
        if isClosingResponse { return leave() }
        switch next() {
        case .ask(let head): return .ask(head)
        case .refuse(let refusal): return .refuse(refusal)
        case .handOn, .drop, .leave: break
        }
        guard case .open = state, isLastRequest, responsesInFlight == 0 else { return .nothing }
        return leave()
    }

    private mutating func leave() -> ResponseAction {
        if case .leaving = state { return .nothing }
        state = .leaving
        return .leave
    }

    // MARK: The application's decision

    /// - Returns: whether the answer still matters.
    mutating func answered(upgrade: Bool) -> Bool {
        guard case .asking = state else { return false }
        state = upgrade ? .upgraded : .leaving
        return true
    }

    /// The connection is of no use any more.
    mutating func gone() {
        state = .leaving
    }
}

/// An answer that is given before, or instead of, asking the application.
struct Refusal: Hashable {
    let status: HTTPResponseStatus
    let rule: String

    static let upgradeWithBody = Refusal(
        status: .badRequest, rule: "RFC 6455 §4.1: a request for an upgrade has no body, as its bytes could pass for frames")
    static let bytesAfterUpgrade = Refusal(
        status: .badRequest, rule: "RFC 9110 §7.8: what follows a request for an upgrade cannot be another request")
    static let headersTooLarge = Refusal(
        status: .requestHeaderFieldsTooLarge, rule: "RFC 6585 §5: the request's header block is too large")
    static let malformed = Refusal(status: .badRequest, rule: "RFC 9112 §2: the request is malformed")
    static let unsupportedVersion = Refusal(
        status: .httpVersionNotSupported, rule: "RFC 9110 §15.6.6: this server speaks HTTP/1.1")
    static let answerTooLarge = Refusal(status: .internalServerError, rule: "the answer to the request for an upgrade is too large")
    static let noAnswer = Refusal(status: .internalServerError, rule: "the application has no answer")

    init(status: HTTPResponseStatus, rule: String) {
        self.status = status
        self.rule = rule
    }

    /// What an error of SwiftNIO's decoder deserves.
    init(_ error: any Error) {
        switch error as? HTTPParserError {
        case .headerOverflow: self = .headersTooLarge
        case .invalidVersion: self = .unsupportedVersion
        default: self = .malformed
        }
    }
}

extension HTTPRequestHead {
    /// A GET that lists `websocket` in Upgrade and `upgrade` in Connection, which is when the decoder stops after it. Whether it asks
    /// rightly is for the route to say.
    var asksForWebSocket: Bool {
        method == .GET && headers.lists("websocket", in: "upgrade") && headers.lists("upgrade", in: "connection")
    }

    /// SwiftNIO's decoder reads nothing after a request that asks for any upgrade, or opens a tunnel.
    var stopsDecoder: Bool {
        method == .CONNECT || (headers.contains(name: "upgrade") && headers.lists("upgrade", in: "connection"))
    }

    var announcesBody: Bool {
        headers.contains(name: "transfer-encoding") || headers["content-length"].contains { $0 != "0" }
    }
}

extension HTTPHeaders {
    /// Whether a field that is a list has the token, in any case (RFC 9110 §5.6.1). Every request is looked at.
    func lists(_ token: StaticString, in name: String) -> Bool {
        contains { field in
            field.name.utf8.count == name.utf8.count && field.name.utf8.elementsEqual(name.utf8) { $0 | 0x20 == $1 | 0x20 }
                && (Self.isSame(field.value[...].utf8, token)
                    || field.value.utf8.split(separator: UInt8(ascii: ",")).contains { Self.isSame($0, token) })
        }
    }

    private static func isSame(_ element: Substring.UTF8View, _ token: StaticString) -> Bool {
        let trimmed = element.drop { $0 == 0x20 || $0 == 0x09 }
        guard trimmed.count >= token.utf8CodeUnitCount else { return false }
        let isMatch = token.withUTF8Buffer { token in zip(trimmed, token).allSatisfy { $0 | 0x20 == $1 } }
        return isMatch && trimmed.dropFirst(token.utf8CodeUnitCount).allSatisfy { $0 == 0x20 || $0 == 0x09 }
    }
}
