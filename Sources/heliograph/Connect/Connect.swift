import ArgumentParser
import Foundation
import HTTPTypes
import NIOCore
import NIOSSL
import WebSocketClient
import WebSocketDeflate
import WebSocketNIO
import WebSocketProtocol

/// `heliograph connect`.
struct Connect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Talk to a WebSocket server from the terminal.",
        discussion: """
            On a terminal, each line you type is sent as a text, with editing (arrows, Home, End, Control-A, E, K, U, W, Y) and a history that is \
            kept; what comes in is printed above the line. /help lists commands, Control-C or Control-D closes the connection and leaves.

            In a script, -x sends messages; without -x, each line of the standard input is one. After the last message is sent, connect goes on \
            listening for --wait seconds, or until --count messages have come, and closes the connection. Texts are printed as they came, one a line; \
            what is not a message goes to the standard error.

            Exit codes: 0 closed by us, or by the server with 1000, 1001 or no code; 2 no connection; 3 closed by the server with another code, or \
            lost; 4 fewer than --count messages came in time; 64 wrong usage.
            """
    )

    @Argument(help: "A ws:// or wss:// URL; user:password@ becomes an Authorization header.")
    var url: String

    @Option(
        name: [.customShort("x"), .customLong("execute")],
        help: .init("Send MESSAGE and read no input. May be repeated.", valueName: "message"))
    var message: [String] = []

    @Option(help: .init("In a script: seconds to listen after the last message. (default: 2, with --count: 10)", valueName: "seconds"))
    var wait: Double?

    @Option(help: .init("Leave when so many messages have come.", valueName: "n"))
    var count: Int?

    @Flag(help: "Print the round trips of pings.")
    var ping = false

    @Option(help: .init("Seconds between pings.", valueName: "seconds"))
    var pingInterval = 1.0

    @Option(help: "auto: JSON laid out and bytes as a hex dump, on a terminal; raw: never; pretty: always.")
    var format = MessageFormatter.Layout.auto

    @OptionGroup(title: "Connection options")
    var connection: ConnectionOptions

    func validate() throws {
        if let wait, !(0...86_400).contains(wait) { throw ValidationError("--wait is 0 to 86400 seconds") }
        if let count, count < 1 { throw ValidationError("--count is at least 1") }
        guard (0.01...3_600).contains(pingInterval) else { throw ValidationError("--ping-interval is 0.01 to 3600 seconds") }
        do { _ = try WebSocketURL(url) } catch { throw ValidationError("\(error)") }
    }

    func run() async throws {
        var configuration = try connection.makeConfiguration()
        configuration.webSocket.limits.closeTimeout = .seconds(2)
        let socket: WebSocket
        do {
            socket = try await WebSocket.connect(to: url, configuration: configuration)
        } catch {
            StandardOutput.writeError("heliograph: \(url): \(Self.explanation(of: error))\n")
            throw ConnectResult.failed.exitCode
        }
        let terminal = message.isEmpty ? Terminal.ifInteractive() : nil
        let session = ConnectSession(socket: socket, terminal: terminal, formatter: formatter, count: count)
        let result = await session.run(script, pingEvery: ping ? .seconds(pingInterval) : nil)
        throw result.exitCode
    }

    private var formatter: MessageFormatter {
        let isTerminal = isatty(STDOUT_FILENO) == 1
        let isColored = isTerminal && ProcessInfo.processInfo.environment["NO_COLOR", default: ""].isEmpty
        return MessageFormatter(layout: format, isTerminal: isTerminal, isColored: isColored)
    }

    private var script: ConnectSession.Script {
        let wait = Duration.seconds(wait ?? (count == nil ? 2 : 10))
        return .init(messages: message.isEmpty ? nil : message, wait: wait)
    }

    /// The cause, and what a server said with its refusal.
    private static func explanation(of error: any Error) -> String {
        guard case .refused(let refusal) = error as? WebSocketClientError, refusal.body.readableBytes > 0 else { return "\(error)" }
        let body = String(decoding: refusal.body.readableBytesView.prefix(1_024), as: UTF8.self)
        return "\(error)\n" + TerminalText.escaped(body.trimmingCharacters(in: .whitespacesAndNewlines))
    }
}

extension MessageFormatter.Layout: ExpressibleByArgument {}

/// How to connect: for `connect` and `bench` alike.
struct ConnectionOptions: ParsableArguments {
    @Option(
        name: [.customShort("H"), .long],
        help: .init("A header for the handshake, as 'Name: value'. May be repeated.", valueName: "name: value"))
    var header: [String] = []

    @Option(help: .init("A subprotocol to offer. May be repeated, the preferred one first.", valueName: "name"))
    var subprotocol: [String] = []

    @Flag(help: "Offer compression (permessage-deflate).")
    var compress = false

    @Option(help: .init("An HTTP proxy, as [http://][user:password@]host:port.", valueName: "proxy"))
    var proxy: String?

    @Option(help: .init("A file of certificates (PEM) to trust instead of the system's.", valueName: "file"))
    var caFile: String?

    @Flag(help: "Accept any certificate: whoever is in between can read and change everything. For tests with self-signed certificates.")
    var insecureSkipTlsVerification = false

    @Option(help: .init("Follow up to so many redirects.", valueName: "n"))
    var followRedirects = 0

    @Option(help: .init("Seconds to wait for the connection.", valueName: "seconds"))
    var timeout = 10.0

    @Option(help: .init("The longest message to receive, in bytes.", valueName: "bytes"))
    var maxSize = 16 << 20

    func validate() throws {
        guard (0.001...3_600).contains(timeout) else { throw ValidationError("--timeout is 0.001 to 3600 seconds") }
        guard maxSize > 0 else { throw ValidationError("--max-size is at least 1") }
        _ = try headers()
        _ = try httpProxy()
    }

    func makeConfiguration() throws -> WebSocketClientConfiguration {
        var configuration = WebSocketClientConfiguration(
            headers: try headers(),
            subprotocols: subprotocol,
            tls: try tlsConfiguration(),
            proxy: try httpProxy(),
            redirects: .follow(max: followRedirects),
            connectTimeout: .seconds(timeout),
            handshakeTimeout: .seconds(timeout),
            totalTimeout: .seconds(timeout)
        )
        configuration.webSocket.limits.maxMessageSize = maxSize
        configuration.webSocket.limits.maxFragments = 100_000
        configuration.webSocket.compression = compress ? DeflateConfiguration() : nil
        return configuration
    }

    private func headers() throws -> HTTPFields {
        var headers = HTTPFields()
        for line in header {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = HTTPField.Name(String(parts[0])) else {
                throw ValidationError("--header '\(line)': a header is 'Name: value'")
            }
            let value = parts[1].trimmingPrefix(while: \.isWhitespace)
            guard HTTPField.isValidValue(String(value)) else {
                throw ValidationError("--header '\(line)': the value has a character that HTTP forbids")
            }
            headers.append(HTTPField(name: name, value: String(value)))
        }
        return headers
    }

    private func tlsConfiguration() throws -> TLSConfiguration? {
        var tls = TLSConfiguration.makeClientConfiguration()
        if let caFile { tls.trustRoots = .file(caFile) }
        if insecureSkipTlsVerification { tls.certificateVerification = .none }
        return tls
    }

    /// Read as a URL of the same shape, by the same strict rules.
    private func httpProxy() throws -> HTTPProxy? {
        guard let proxy else { return nil }
        let rest = proxy.hasPrefix("http://") ? String(proxy.dropFirst(7)) : proxy
        do {
            let url = try WebSocketURL("ws://" + rest)
            guard url.target == "/" else { throw ValidationError("--proxy: a proxy has no path") }
            return HTTPProxy(host: url.host, port: url.port, authorization: url.basicAuthorization)
        } catch let error as WebSocketURLError {
            throw ValidationError("--proxy: \(error.reason)")
        }
    }
}
