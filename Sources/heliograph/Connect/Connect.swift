import ArgumentParser

/// `heliograph connect`.
struct Connect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Talk to a WebSocket server from the terminal.")
}
