import ArgumentParser

/// `heliograph serve`.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Run a server.")

    func run() async throws {
        throw ValidationError("this build has no server yet")
    }
}
