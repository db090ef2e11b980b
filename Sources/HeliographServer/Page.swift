import HeliographPages

/// A file that a browser asks for.
struct Page: Sendable {
    /// The file's name, such as `chat.js`.
    let name: String
    /// The value for Content-Type.
    let contentType: String
    /// The file.
    let content: [UInt8]

    private init(_ name: String, _ contentType: String) {
        self.name = name
        self.contentType = contentType
        content = heliograph_page(name).map { Array(String(cString: $0).utf8) } ?? []
    }

    private static let html = "text/html; charset=utf-8"
    private static let css = "text/css; charset=utf-8"
    private static let script = "text/javascript; charset=utf-8"

    /// The start page.
    static let start = Page("index.html", html)
    /// The chat; it reads the room from its address.
    static let chat = Page("chat.html", html)
    /// The market; the symbol that it shows is in the fragment of its address.
    static let market = Page("market.html", html)
    /// The game.
    static let game = Page("game.html", html)
    /// The server's figures.
    static let dashboard = Page("dashboard.html", html)
    /// The echo page.
    static let echo = Page("echo.html", html)

    /// What the pages refer to, as `/assets/NAME`.
    static let assets = [
        Page("icon.svg", "image/svg+xml"),
        Page("site.css", css),
        Page("index.css", css),
        Page("chat.css", css),
        Page("dashboard.css", css),
        Page("echo.css", css),
        Page("market.css", css),
        Page("game.css", css),
        Page("live.css", css),
        Page("live.js", script),
        Page("socket.js", script),
        Page("index.js", script),
        Page("chat.js", script),
        Page("chat-log.js", script),
        Page("outbox.js", script),
        Page("dashboard.js", script),
        Page("units.js", script),
        Page("line-chart.js", script),
        Page("echo.js", script),
        Page("frames.js", script),
        Page("market.js", script),
        Page("market-book.js", script),
        Page("market-chart.js", script),
        Page("market-meter.js", script),
        Page("market-table.js", script),
        Page("market-values.js", script),
        Page("game.js", script),
        Page("game-frames.js", script),
        Page("game-input.js", script),
        Page("game-view.js", script),
        Page("game-world.js", script),
        client,
    ]

    /// What the admin pages refer to: they may be served where nothing else is.
    static let adminAssets = [Page("site.css", css), Page("admin.css", css), Page("icon.svg", "image/svg+xml")]

    /// The JavaScript client. The file is a symbolic link to Clients/js: the one source.
    static let client = Page("heliograph.js", script)
}
