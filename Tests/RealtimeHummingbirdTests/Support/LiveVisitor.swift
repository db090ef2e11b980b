import HTTPTypes
import LiveHTML
import LiveViews
import NIOCore
import Testing
import WebSocketClient
import WebSocketNIO

/// A view with a list and two forms.
struct Guestbook: LiveView, Codable {
    var book = ""
    var names: [String] = []
    enum Event: LiveEvent {
        case sign(FormFields)
        case leave
        case copy(Int)
    }

    mutating func mount(_ request: LiveRequest) { book = request.parameters["book"] ?? "" }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .sign(let fields): names.append(fields["name"] ?? "")
        case .leave: effects.navigate(to: "/elsewhere")
        case .copy(let length): effects.push("copy", String(repeating: "x", count: min(max(length, 0), 1 << 20)))
        }
    }

    var title: String? { "Book \(book)" }
    var body: HTML {
        """
        <h1>\(book)</h1><ul>\(each: names, key: { $0 }, { "<li>\($0)</li>" })</ul>
        <form id="sign" \(on: .submit, Event.sign)><input name="name"></form><form id="leave" \(on: .submit, Event.leave)></form>
        """
    }
}

/// Browsers have a cookie and say where they are from.
struct LiveVisitor {
    let server: RealtimeServer
    var cookie = ""

    var origin: String { "\(server.http == .plain ? "http" : "https")://localhost:\(server.port)" }

    mutating func get(_ path: String) async throws -> String {
        let answer = try await server.send(.get, path, cookie.isEmpty ? [:] : [.cookie: cookie])
        let head = try await answer.head()
        #expect(head.status == .ok)
        if let field = head.headerFields[.setCookie] { cookie = String(field.prefix { $0 != ";" }) }
        return try await answer.rest()
    }

    /// The value of the first attribute with this name.
    static func part(_ page: String, _ name: String) throws -> String {
        let start = try #require(page.firstRange(of: " \(name)=\""))
        return String(page[start.upperBound...].prefix { $0 != "\"" })
    }

    func join(_ path: String, query: String = "", _ seal: String, _ hash: String) async throws -> WebSocket {
        var configuration = WebSocketClientConfiguration()
        configuration.headers = [.cookie: cookie, .origin: origin]
        configuration.subprotocols = ["heliograph-live"]
        let socket = try await WebSocket.connect(to: "ws://localhost:\(server.port)\(path)/_live\(query)", configuration: configuration)
        try await socket.send("[\"join\",\"\(seal)\",\"\(hash)\",[]]")
        return socket
    }

    func post(_ action: String, _ fields: String, origin: String? = nil) async throws -> StreamClient {
        try await server.send(
            .post, action,
            [.cookie: cookie, .origin: origin ?? self.origin, .contentType: "application/x-www-form-urlencoded"], fields)
    }

    // MARK: Without a WebSocket

    /// As an `EventSource` of the page asks for it.
    func open(_ path: String, reads: Bool = true) async throws -> (stream: StreamClient, key: String) {
        let stream = try await server.send(.get, "\(path)/_live.sse", streamFields, reads: reads)
        guard reads else { return (stream, "") }
        let event = try await stream.event()
        #expect(event.name == "open")
        return (stream, event.data)
    }

    var streamFields: HTTPFields {
        var fields: HTTPFields = [.cookie: cookie, .accept: "text/event-stream"]
        if let site = HTTPField.Name("Sec-Fetch-Site") { fields[site] = "same-origin" }
        return fields
    }

    /// Posts messages.
    ///
    /// - Returns: the status.
    func say(_ path: String, _ key: String, _ messages: String, origin: String? = nil) async throws -> Int {
        try await server.status(
            .post, "\(path)/_live.sse?key=\(key)",
            [.cookie: cookie, .origin: origin ?? self.origin, .contentType: "application/json"], messages)
    }
}
