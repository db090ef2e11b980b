import ArgumentParser
import Foundation
import HeliographServer

/// `heliograph token`.
struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make, explain and measure tokens.",
        subcommands: [Make.self, Explain.self, Measure.self])

    /// `heliograph token make`.
    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token with a secret of the configuration.",
            discussion: """
                For trying things out, and for scripts. The secret is the first one of client.token (with --channel: of client.subscription_token, if it \
                has one). What signs with a private key can't be made here: the server has public keys alone.
                """)

        @Option(help: "The user: sub. Without it the token is for somebody anonymous.")
        var user = ""

        @Option(help: "A subscription token for this channel.")
        var channel: String?

        @Option(help: ArgumentHelp("How long it is good: 90s, 15m, 24h; 0s for ever.", valueName: "time"))
        var expires = "1h"

        @Option(name: .customLong("claims"), help: ArgumentHelp("More claims, in JSON.", valueName: "json"))
        var claims: String?

        @OptionGroup var options: ServeOptions

        func run() async throws {
            let server = try await options.configuration()
            print(try await TokenBench(server).make(user: user, channel: channel, expires: expires, claims: claims))
        }
    }

    /// `heliograph token explain`.
    struct Explain: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what a token says, and whether the configuration takes it.",
            discussion: """
                Ends with 0 if it is good, with 1 if it is not, or if there is no configuration that says. Without an argument the token is read from standard input, so \
                that it is not in the shell's history.
                """)

        @Argument(help: "The token.")
        var token: String?

        @OptionGroup var options: ServeOptions

        func run() async throws {
            let token = token ?? readLine() ?? ""
            let server = try await options.configuration()
            let explanation = await TokenBench(server).explain(token.trimmingCharacters(in: .whitespacesAndNewlines))
            print(explanation.text, terminator: "")
            guard explanation.isGood else { throw ExitCode.failure }
        }
    }

    /// `heliograph token measure`.
    struct Measure: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say how many tokens one core of this machine checks in a second.",
            discussion:
                "For planning: after a restart all clients come back at once, each with a token. HS256; other algorithms take longer.")

        @Option(name: .customLong("for"), help: ArgumentHelp("How long to try.", valueName: "time"))
        var duration = "2s"

        func run() async throws {
            print("\(Int(try await TokenBench.rate(for: duration))) tokens a second")
        }
    }
}
