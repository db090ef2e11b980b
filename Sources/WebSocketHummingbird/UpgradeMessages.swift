import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import WebSocketNIO

extension HTTPRequest {
    /// The request of an upgrade. As nio-extras' conversion, which parses every target as a URL, but targets in origin form as they are.
    init(upgrade head: HTTPRequestHead, secure: Bool) throws {
        guard head.method == .GET, head.uri.utf8.first == UInt8(ascii: "/") else {
            try self.init(head, secure: secure, splitCookie: false)
            return
        }
        self.init(
            method: .get, scheme: secure ? "https" : "http", authority: head.headers.first(name: "host"), path: head.uri,
            headerFields: HTTPFields(head.headers, splitCookie: false))
    }
}

extension ByteBuffer {
    /// The answer that ends HTTP on a connection (RFC 6455 §4.2.2 item 5).
    ///
    /// - Parameters:
    ///   - handshake: the fields of the handshake.
    ///   - others: the fields that the application answered with: of these, those that are not the handshake's.
    init(switchingProtocols handshake: HTTPFields, and others: HTTPFields) {
        self.init()
        reserveCapacity(512)
        writeStaticString("HTTP/1.1 101 Switching Protocols\r\n")
        for field in handshake { write(field) }
        for field in others where !handshake.contains(field.name) && !field.name.belongsToHandshake { write(field) }
        writeStaticString("\r\n")
    }

    /// `HTTPField` makes sure that neither name nor value can end the line (CWE-113).
    private mutating func write(_ field: HTTPField) {
        writeString(field.name.rawName)
        writeStaticString(": ")
        writeString(field.value)
        writeStaticString("\r\n")
    }
}

extension UpgradePlan {
    /// The delegate for the socket; nil for an asynchronous handler.
    func makeDelegate() throws -> (any WebSocketDelegate)? {
        switch application {
        case .task: nil
        case .delegate(let make): try make()
        }
    }
}

extension Refusal {
    /// The status of an error that a route's `delegate` threw.
    init(delegateError error: any Error) {
        guard let error = error as? any HTTPResponseError else { self = .noAnswer; return }
        self.init(status: HTTPResponseStatus(statusCode: error.status.code), rule: error.status.reasonPhrase)
    }
}

extension HTTPResponseHead {
    /// Whether another head follows: 101 would end HTTP, so it is none of these.
    var isInformational: Bool { (100..<200).contains(status.code) && status != .switchingProtocols }
}

extension HTTPHeaders {
    /// Adds `close` to Connection, which may list other things: with 426 it lists `upgrade`.
    mutating func announceClose() {
        guard !lists("close", in: "connection") else { return }
        let others = self[canonicalForm: "connection"].filter { $0.lowercased() != "keep-alive" }
        replaceOrAdd(name: "Connection", value: (["close"] + others).joined(separator: ", "))
    }
}
