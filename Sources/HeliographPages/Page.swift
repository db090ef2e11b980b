// The pages are plain files under Files/, put into the binary by SwiftPM (`.embedInCode`). They have a module of their own because
// that turns each byte into a literal, which takes the compiler seconds: here it happens beside the other modules, and not again when
// the server's code changes.

/// A file that a browser asks for.
public struct Page: Sendable {
    /// The file's name, such as `chat.js`.
    public let name: String
    /// The value for Content-Type.
    public let contentType: String
    /// The file.
    public let content: [UInt8]

    private init(_ name: String, _ contentType: String, _ content: [UInt8]) {
        self.name = name
        self.contentType = contentType
        self.content = content
    }

    private static let html = "text/html; charset=utf-8"
    private static let css = "text/css; charset=utf-8"
    private static let script = "text/javascript; charset=utf-8"

    /// The start page.
    public static let start = Page("index.html", html, PackageResources.index_html)
    /// The chat; it reads the room from its address.
    public static let chat = Page("chat.html", html, PackageResources.chat_html)
    /// The market; the symbol that it shows is in the fragment of its address.
    public static let market = Page("market.html", html, PackageResources.market_html)
    /// The game.
    public static let game = Page("game.html", html, PackageResources.game_html)
    /// The server's figures.
    public static let dashboard = Page("dashboard.html", html, PackageResources.dashboard_html)
    /// The echo page.
    public static let echo = Page("echo.html", html, PackageResources.echo_html)

    /// What the pages refer to, as `/assets/NAME`.
    public static let assets = [
        Page("icon.svg", "image/svg+xml", PackageResources.icon_svg),
        Page("site.css", css, PackageResources.site_css),
        Page("index.css", css, PackageResources.index_css),
        Page("chat.css", css, PackageResources.chat_css),
        Page("dashboard.css", css, PackageResources.dashboard_css),
        Page("echo.css", css, PackageResources.echo_css),
        Page("market.css", css, PackageResources.market_css),
        Page("game.css", css, PackageResources.game_css),
        Page("live.js", script, PackageResources.live_js),
        Page("socket.js", script, PackageResources.socket_js),
        Page("index.js", script, PackageResources.index_js),
        Page("chat.js", script, PackageResources.chat_js),
        Page("chat-log.js", script, PackageResources.chat_log_js),
        Page("outbox.js", script, PackageResources.outbox_js),
        Page("dashboard.js", script, PackageResources.dashboard_js),
        Page("units.js", script, PackageResources.units_js),
        Page("line-chart.js", script, PackageResources.line_chart_js),
        Page("echo.js", script, PackageResources.echo_js),
        Page("frames.js", script, PackageResources.frames_js),
        Page("market.js", script, PackageResources.market_js),
        Page("market-book.js", script, PackageResources.market_book_js),
        Page("market-chart.js", script, PackageResources.market_chart_js),
        Page("market-meter.js", script, PackageResources.market_meter_js),
        Page("market-table.js", script, PackageResources.market_table_js),
        Page("market-values.js", script, PackageResources.market_values_js),
        Page("game.js", script, PackageResources.game_js),
        Page("game-frames.js", script, PackageResources.game_frames_js),
        Page("game-input.js", script, PackageResources.game_input_js),
        Page("game-view.js", script, PackageResources.game_view_js),
        Page("game-world.js", script, PackageResources.game_world_js),
        client,
    ]

    /// The JavaScript client. The file is a symbolic link to Clients/js: the one source.
    public static let client = Page("heliograph.js", script, PackageResources.heliograph_js)
}
