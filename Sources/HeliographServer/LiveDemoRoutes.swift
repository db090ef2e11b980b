import Demos
import Hummingbird
import LiveHTML
import LiveViews
import NIOPosix
import RealtimeHummingbird
import WebSocketNIO
import WebSocketProtocol

/// The demos of live views, each in a page of its own.
struct LiveDemoRoutes {
    let views: LiveRuntime
    let demos: LiveDemos

    func add(to router: Router<BasicRequestContext>) {
        let pages = router.group().add(middleware: PageSecurity.live)
        pages.liveScript()
        pages.live(
            "live", views: views,
            options: options("All at once", "Three views on one page. What happens in one renders that one alone.", "")
        ) { AllAtOnce() }
        pages.live("live/counter", views: views, options: options("Counter", "A click is an event, the answer a few bytes.", "counter")) {
            Counter()
        }
        pages.live("live/clock", views: views, options: options("Clock", "The server's time, by itself once a second.", "clock")) {
            Clock()
        }
        pages.live(
            "live/form", views: views,
            options: options("Form", "It says what is wrong while you type, and checks again when you send.", "form")
        ) { TypedForm() }
        pages.live(
            "live/upload", views: views,
            options: options("Upload", "Pictures are sent while you write their title, and checked by their first bytes.", "upload")
        ) { PhotoForm() }
        pages.live("live/list", views: views, options: options("List", "Rows come and go; those that stay are not touched.", "list")) {
            FilteredList()
        }
        pages.live("live/slider", views: views, options: options("Slider", "Two boxes that follow.", "slider")) { Slider() }
        pages.live(
            "live/todo", views: views,
            options: options("Todo", "Yours alone. It outlives a restart of the server: the page has its sealed state.", "todo")
        ) { TodoList() }
        pages.live("live/shared", views: views, options: options("Shared todo", "Everybody's. Open it in two windows.", "shared")) {
            [demos] in
            SharedTodoList(demos.todo)
        }
        pages.live(
            "live/table", views: views, options: options("Table", "Ten thousand rows, searched on the server while you type.", "table")
        ) { BigTable() }
        pages.live(
            "live/scores", shared: SharedLiveView(runtime: views, on: MultiThreadedEventLoopGroup.singleton.any()) { Scoreboard() },
            options: options("Scores", "One view for all who look: a change is rendered once. Cheer, and see it in every window.", "scores")
        )
    }

    private func options(_ name: String, _ words: String, _ path: String) -> LiveOptions {
        var options = LiveOptions()
        options.webSocket.shutdownCode = .serviceRestart
        options.shell = { page, options in Self.shell(page, options, name, words, path) }
        return options
    }

    private static let places: [(path: String, name: String)] = [
        ("", "All at once"), ("counter", "Counter"), ("clock", "Clock"), ("form", "Form"), ("upload", "Upload"), ("list", "List"),
        ("slider", "Slider"),
        ("todo", "Todo"),
        ("shared", "Shared todo"), ("table", "Table"), ("scores", "Scores"),
    ]

    private static func shell(_ page: LivePage, _ options: LiveOptions, _ name: String, _ words: String, _ path: String) -> HTML {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(page.title ?? "\(name), a live view")</title>
        <link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
        <link rel="stylesheet" href="/assets/site.css">
        <link rel="stylesheet" href="/assets/live.css">
        \(options.script)
        </head>
        <body>
        <a class="skip" href="#main">Skip to content</a>
        <header class="site-header">
        <a class="brand" href="/"><img src="/assets/icon.svg" alt="" width="28" height="28">Heliograph</a>
        <nav class="site-nav" aria-label="Pages"><ul>
        <li><a href="/chat">Chat</a></li><li><a href="/market">Market</a></li><li><a href="/dashboard">Dashboard</a></li>
        <li><a href="/game">Game</a></li><li><a href="/live" aria-current="page">Live views</a></li><li><a href="/echo-demo">Echo</a></li>
        </ul></nav>
        </header>
        <main id="main" class="live" data-live-page>
        <nav class="live-nav" aria-label="Live views"><ul>\(each: places, key: { $0.path }, { place($0, isCurrent: $0.path == path) })</ul></nav>
        <h1>\(name)</h1>
        <p class="lead">\(words)</p>
        <p data-flash role="status" hidden></p>
        \(page.root)
        </main>
        <footer class="site-footer"><p>This page is rendered in Swift on the server, and kept current over a socket. No line of JavaScript was written for it.</p></footer>
        </body>
        </html>

        """
    }

    private static func place(_ place: (path: String, name: String), isCurrent: Bool) -> HTML {
        let current: String? = isCurrent ? "page" : nil
        let path = place.path.isEmpty ? "" : "/\(place.path)"
        return "<li><a href=\"/live\(path)\" data-navigate aria-current=\(current)>\(place.name)</a></li>"
    }
}
