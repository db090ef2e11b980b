import ArgumentParser

/// `heliograph bench`.
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Measure a WebSocket server under load.")
}
