import ArgumentParser
import HeliographServer

/// `heliograph init`.
struct Init: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write a configuration to begin with.",
        discussion: """
            The file has secrets of its own, a namespace to try out, and every other setting as a comment. Only this user may read it. What is there is \
            never overwritten.
            """)

    @Argument(help: "The file to write; - prints it.")
    var path = "heliograph.yaml"

    func run() throws {
        let text = ConfigurationTemplate.text()
        guard path != "-" else { return print(text, terminator: "") }
        try PrivateFile.write(text, to: path)
        print("\(path) is written. Next: heliograph serve --config \(path)")
    }
}
