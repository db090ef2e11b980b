public import Foundation

/// `heliograph serve`, the program that users run, as it was built beside the tests.
public struct HeliographServerProcess {
    public let command: Command
    /// As it was printed: `http://127.0.0.1:8080`.
    public let address: URL

    /// Where the program is.
    public static var path: String {
        get throws {
            var folder = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            // The tests are a program in the build folder, or (on macOS) a bundle in it.
            for _ in 0..<4 {
                let path = folder.appending(path: "heliograph").path(percentEncoded: false)
                if FileManager.default.isExecutableFile(atPath: path) { return path }
                folder = folder.deletingLastPathComponent()
            }
            throw Unexpected("there is no heliograph beside \(CommandLine.arguments[0])")
        }
    }

    /// Starts a server, and returns when it serves.
    public static func start(port: Int = 0, _ arguments: [String] = []) async throws -> HeliographServerProcess {
        let command = try Command(path, ["serve", "--port", "\(port)"] + arguments)
        while let line = await command.line() {
            guard let text = line.firstMatch(of: /running at (https?:\/\/\S+)/)?.output.1 else { continue }
            guard let address = URL(string: String(text)) else { throw Unexpected("it printed \(text)") }
            return HeliographServerProcess(command: command, address: address)
        }
        throw Unexpected("it did not start: \(await command.outcome().errors)")
    }

    public var port: Int { address.port ?? 0 }

    /// The address of a socket, by name: certificates are made for `localhost`.
    public func socketAddress(_ path: String) -> String {
        "\(address.scheme == "https" ? "wss" : "ws")://localhost:\(port)\(path)"
    }
}
