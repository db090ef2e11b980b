import ArgumentParser
import Foundation
import HeliographServer

/// What `heliograph serve` can be told, and whoever looks at its configuration. Each comes before the environment, and that before the file.
struct ServeOptions: ParsableArguments {
    @Option(help: "The address to listen on; 0.0.0.0 or :: for all. (default: 127.0.0.1)")
    var host: String?

    @Option(help: "The port to listen on; 0 takes a free one. (default: 8080)")
    var port: String?

    @Option(help: "Event loops. (default: one for each core)")
    var threads: String?

    @Option(help: "A file with the server's certificate and those that lead to the root, in PEM.")
    var tlsCert: String?

    @Option(help: "A file with the certificate's private key, in PEM.")
    var tlsKey: String?

    @Option(help: "What to log: trace, debug, info, notice, warning, error or critical. (default: info)")
    var logLevel: String?

    @Option(
        help:
            "A file in YAML, JSON or TOML (by its name): channels, tokens, HTTP API, and all the rest. (default: what HELIOGRAPH_CONFIG names)"
    )
    var config: String?

    @Flag(
        inversion: .prefixedNo,
        help: "Serve the demo pages, /echo and /broadcast. (default: --demo; with a configuration, --no-demo)")
    var demo: Bool?

    @Flag(help: "For development: anybody may connect and do everything. Only on an address of this machine alone.")
    var insecure = false

    @Option(name: .customLong("set"), help: ArgumentHelp("Any setting of the configuration but secrets.", valueName: "key=value"))
    var settings: [String] = []

    /// The file that is read; nil: none.
    var file: String? { config ?? ProcessInfo.processInfo.environment["HELIOGRAPH_CONFIG"] }

    func configuration() async throws -> ServeConfiguration {
        try await ServeConfiguration(file: file, environment: ProcessInfo.processInfo.environment, options: given())
    }

    private func given() throws -> SettingOptions {
        var options = SettingOptions()
        for assignment in settings { try options.set(assignment) }
        options.give("host", host)
        options.give("port", port)
        options.give("threads", threads)
        options.give("tls-cert", tlsCert)
        options.give("tls-key", tlsKey)
        options.give("log-level", logLevel)
        options.give("demo", demo.map { "\($0)" })
        options.give("insecure", insecure ? "true" : nil)
        return options
    }
}
