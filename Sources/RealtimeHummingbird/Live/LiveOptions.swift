public import LiveHTML
public import LiveViews
public import WebSocketNIO
public import WebSocketProtocol

/// What the routes of live views have in common.
public struct LiveOptions: Sendable {
    /// Which pages may connect, and post forms. Default: those of the same host.
    public var origins = OriginPolicy.sameHost

    /// What the sockets may do, and the streams where there is no WebSocket. Default: messages of 64 KiB, pings every 25 s, `heliograph-live` as subprotocol.
    public var webSocket = WebSocketConfiguration()

    /// What loads the client; see `RouterMethods.liveScript(at:)`.
    public var script: HTML = "<script defer src=\"/heliograph-live.js\"></script>"

    /// The cookie that tells browsers apart. A sealed state is good in the browser alone for which it was made.
    public var cookieName = "live-session"

    /// Whether browsers send the cookie by TLS alone: set it where all is TLS. Default false.
    public var cookieIsSecure = false

    /// The page around a view. Default: a title, the script, and a place for flash messages.
    public var shell: @Sendable (LivePage, LiveOptions) -> HTML = { LiveShell.plain($0, $1) }

    public init() {}
}

/// The page around a view.
public enum LiveShell {
    /// A page with nothing but the view. A page of your own needs what this one has: the view's `root`, the script, and an element with `data-flash` if there are flash messages.
    public static func plain(_ page: LivePage, _ options: LiveOptions) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(page.title ?? "")</title>
        \(options.script)
        </head>
        <body>
        <p data-flash role="status" hidden></p>
        \(page.root)
        </body>
        </html>

        """
    }
}
