import ArgumentParser
import HeliographServer

/// The root of the command line. Each subcommand has its own file or folder.
@main
struct Heliograph: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "heliograph",
        abstract: "Real-time messaging over WebSockets: a server, a terminal client and a load generator.",
        version: HeliographVersion.current,
        subcommands: [Serve.self, Init.self, CheckConfig.self, ImportConfig.self, Token.self, Connect.self, Bench.self]
    )
}
