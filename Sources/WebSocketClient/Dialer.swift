import HTTPTypes
import Logging
import NIOCore
import NIOSSL
import WebSocketNIO
import WebSocketProtocol

/// Makes attempts until there is a connection, or a reason why not: follows redirects, keeps the time of all attempts together.
struct Dialer: Sendable {
    let configuration: WebSocketClientConfiguration
    let eventLoopGroup: any EventLoopGroup
    let logger: Logger
    let delegate: (@Sendable () -> any WebSocketDelegate)?

    /// A year: what is added to a deadline must not overflow.
    private static let maxTimeout = TimeAmount.hours(24 * 365)

    func dial(_ text: String) async throws -> WebSocket {
        let origin = try Self.parse(text)
        let deadline = NIODeadline.now() + min(TimeAmount(self.configuration.totalTimeout), Self.maxTimeout)
        var url = origin
        var redirectsLeft = self.configuration.redirects.max
        while true {
            let plan = try self.plan(for: url, origin: origin, deadline: deadline)
            switch try await self.attempt(plan) {
            case .connected(let socket):
                return try await self.unlessCancelled(socket)
            case .redirected(let response):
                guard redirectsLeft > 0 else { throw WebSocketClientError.tooManyRedirects }
                redirectsLeft -= 1
                url = try Self.location(of: response, from: url)
                self.logger.debug("redirected", metadata: ["status": "\(response.status.code)", "to": "\(url)"])
            }
        }
    }

    private static func parse(_ text: String) throws(WebSocketClientError) -> WebSocketURL {
        do { return try WebSocketURL(text) } catch { throw .invalidURL(error) }
    }

    private static func location(of response: HTTPResponse, from url: WebSocketURL) throws(WebSocketClientError) -> WebSocketURL {
        let locations = response.headerFields[values: .location]
        guard let location = locations.first, locations.count == 1 else {
            throw .badRedirect(WebSocketURLError("a redirect needs one Location"))
        }
        do { return try url.redirected(to: location) } catch { throw .badRedirect(error) }
    }

    private func plan(for url: WebSocketURL, origin: WebSocketURL, deadline: NIODeadline) throws -> AttemptPlan {
        AttemptPlan(
            url: url,
            handshake: try self.handshake(for: url, origin: origin),
            configuration: self.configuration,
            tls: url.isSecure ? try self.tlsContext() : nil,
            followsRedirects: self.configuration.redirects.max > 0,
            deadline: deadline,
            logger: self.logger,
            delegate: self.delegate
        )
    }

    private func handshake(for url: WebSocketURL, origin: WebSocketURL) throws(WebSocketClientError) -> ClientHandshake {
        do {
            return try ClientHandshake(
                authority: url.authority,
                path: url.target,
                subprotocols: self.configuration.subprotocols,
                extensions: CompressionOffer.extensions(self.configuration.webSocket),
                headers: self.headers(for: url, origin: origin)
            )
        } catch {
            throw .invalidConfiguration(error.rule)
        }
    }

    /// Credentials are for the host that the application named (CVE-2022-27774 and its like in other clients).
    private func headers(for url: WebSocketURL, origin: WebSocketURL) -> HTTPFields {
        var headers = self.configuration.headers
        if headers[.authorization] == nil, let basic = origin.basicAuthorization { headers[.authorization] = basic }
        if !url.isSameSite(as: origin) {
            headers[.authorization] = nil
            headers[.cookie] = nil
        }
        return headers
    }

    private func tlsContext() throws(WebSocketClientError) -> NIOSSLContext {
        if let context = self.configuration.tlsContext { return context }
        var tls = self.configuration.tls ?? .makeClientConfiguration()
        // This connection speaks HTTP/1.1; a server that was offered h2 as well would choose that.
        tls.applicationProtocols = ["http/1.1"]
        do { return try NIOSSLContext(configuration: tls) } catch { throw .invalidConfiguration("TLS: \(error)") }
    }

    private func attempt(_ plan: AttemptPlan) async throws -> AttemptOutcome {
        let promise = self.eventLoopGroup.next().makePromise(of: AttemptOutcome.self)
        return try await withTaskCancellationHandler {
            ConnectionAttempt.start(plan, promise: promise)
            return try await promise.futureResult.get()
        } onCancel: {
            promise.fail(CancellationError())
        }
    }

    /// The task may have been cancelled when the connection was already made: nobody would close it.
    private func unlessCancelled(_ socket: WebSocket) async throws -> WebSocket {
        guard Task.isCancelled else { return socket }
        socket.startClosing(code: .goingAway)
        throw CancellationError()
    }
}
