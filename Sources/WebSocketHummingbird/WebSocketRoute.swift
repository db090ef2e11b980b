import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol

/// A route of a router that answers with 101 and leaves a plan for a socket, or says why not.
struct WebSocketRoute<Context: RequestContext>: Sendable {
    enum Application: Sendable {
        case task(@Sendable (WebSocket, Context) async throws -> Void)
        case delegate(@Sendable (Request, Context) throws -> any WebSocketDelegate)
    }

    let settings: SocketSettings
    let origins: OriginPolicy
    let shouldUpgrade: @Sendable (Request, Context) async throws -> UpgradeDecision
    let application: Application

    func respond(to request: Request, context: Context) async throws -> Response {
        let slot: UpgradeSlot
        let handshake: ServerHandshake
        do throws(HandshakeError) {
            (slot, handshake) = try validate(request)
        } catch {
            context.logger.debug("upgrade refused", metadata: ["rule": "\(error.rule)", "status": "\(error.status.code)"])
            return Response(refusing: error)
        }
        switch try await shouldUpgrade(request, context) {
        case .refused(let response):
            return response
        case .accepted(let headers, let subprotocol):
            return accept(handshake, headers: headers, subprotocol: subprotocol, request: request, context: context, slot: slot)
        }
    }

    private func validate(_ request: Request) throws(HandshakeError) -> (UpgradeSlot, ServerHandshake) {
        guard let slot = UpgradeSlot.current else { throw HandshakeError.noUpgrade(request.head) }
        let handshake =
            switch slot.transport {
            case .http1(let version): try ServerHandshake.validate(request.head, hasBody: false, version: version)
            case .http2: try ServerHandshake.validateExtendedConnect(request.head)
            }
        try origins.permits(request.head)
        return (slot, handshake)
    }

    private func accept(
        _ handshake: ServerHandshake, headers: HTTPFields, subprotocol wanted: String?, request: Request, context: Context,
        slot: UpgradeSlot
    ) -> Response {
        let supported = wanted.map { [$0] } ?? settings.configuration.subprotocols
        let subprotocol = handshake.selectSubprotocol(from: supported)
        let configuration = settings.configuration
        let compression = configuration.deliversParts ? nil : configuration.compression
        let deflate = compression.flatMap { PerMessageDeflate.accept(handshake.extensions, configuration: $0) }
        let answer = handshake.response(subprotocol: subprotocol, extensions: deflate.map { [$0.response] } ?? [])
        slot.leave(
            UpgradePlan(
                settings: settings,
                handshake: NegotiatedHandshake(subprotocol: subprotocol, deflate: deflate?.parameters),
                fields: answer.headerFields,
                application: planned(request, context, slot),
                logger: context.logger
            ))
        var fields = answer.headerFields
        for field in headers where !field.name.belongsToHandshake { fields.append(field) }
        return Response(status: .switchingProtocols, headers: fields)
    }

    private func planned(_ request: Request, _ context: Context, _ slot: UpgradeSlot) -> UpgradePlan.Application {
        switch application {
        case .task(let handler): .task { socket in try await handler(socket, context) }
        case .delegate(let make):
            // It is made after the answer, and may ask for the client's address.
            .delegate { [slot] in try UpgradeSlot.$current.withValue(slot) { try make(request, context) } }
        }
    }
}

extension HandshakeError {
    /// What a request gets that reached a WebSocket route without asking for a socket in a way that could be heard.
    static func noUpgrade(_ request: HTTPRequest) -> HandshakeError {
        // Whoever tried is told what was wrong with it.
        if request.headerFields.contains(.upgrade) || request.headerFields.contains(.secWebSocketKey) {
            do throws(HandshakeError) { _ = try ServerHandshake.validate(request, hasBody: false) } catch { return error.closing }
        }
        return HandshakeError(
            rule: "RFC 9110 §15.5.22: this address speaks WebSocket (RFC 6455), not plain HTTP",
            status: .upgradeRequired,
            headers: [.upgrade: "websocket", .connection: "Upgrade", .secWebSocketVersion: "13"]
        )
    }
}

extension HandshakeError {
    /// Ends the connection: what follows may be frames.
    fileprivate var closing: HandshakeError {
        var headers = headers
        headers[.connection] = headers[.connection].map { "close, \($0)" } ?? "close"
        return HandshakeError(rule: rule, status: status, headers: headers)
    }
}

extension Response {
    /// The answer to a broken handshake: the rule that was broken, as text.
    init(refusing error: HandshakeError) {
        var fields = error.headers
        fields[.contentType] = "text/plain; charset=utf-8"
        self.init(status: error.status, headers: fields, body: ResponseBody(byteBuffer: ByteBuffer(string: error.rule + "\n")))
    }
}

extension HTTPField.Name {
    /// Fields of an answer to an upgrade that the handshake alone decides on.
    var belongsToHandshake: Bool {
        canonicalName.hasPrefix("sec-websocket-") || self == .upgrade || self == .connection || self == .contentLength
            || self == .transferEncoding
    }
}
