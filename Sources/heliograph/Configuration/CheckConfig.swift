import ArgumentParser
import Foundation
import HeliographServer

/// `heliograph check-config`.
struct CheckConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract: "Say what is wrong with a configuration.",
        discussion: """
            Reads what `heliograph serve` with the same options would, in the same environment, and prints a line for each mistake, with its place \
            and what to do. Ends with 0 if there is none, and else with 1.
            """)

    @Argument(help: "The file in YAML, JSON or TOML (by its name), as with --config.")
    var path: String?

    @OptionGroup var options: ServeOptions

    @Flag(help: "Print all settings in Markdown instead, as Docs/configuration.md has them.")
    var reference = false

    func validate() throws {
        guard path == nil || options.config == nil else { throw ValidationError("Give one file: by itself, or with --config.") }
    }

    func run() async throws {
        if reference { return print(SettingReference.text, terminator: "") }
        var options = options
        options.config = path ?? options.config
        do {
            let server = try await options.configuration()
            try server.checkFiles()
            for warning in server.realtime?.warnings ?? [] { print("WARNING: \(warning)") }
            print("\(options.file ?? "The configuration"): good.")
        } catch let error as ServeError {
            FileHandle.standardError.write(Data("\(error)\n".utf8))
            throw ExitCode.failure
        }
    }
}
