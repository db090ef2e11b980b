import ArgumentParser
import Foundation
import HeliographServer

/// `heliograph import-config`.
struct ImportConfig: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-config",
        abstract: "Make a configuration from one of Centrifugo v6.",
        discussion: """
            Reads YAML, JSON or TOML (by the file's name) and writes YAML. What can't be carried over, or means something else here, is printed. Ends with 1 if the result \
            needs to be changed before it can be used. What is there is never overwritten.
            """)

    @Argument(help: "Centrifugo's file.")
    var theirs: String

    @Argument(help: "The file to write; - prints it.")
    var ours = "heliograph.yaml"

    func run() async throws {
        guard let data = FileManager.default.contents(atPath: theirs), data.count <= 1 << 20 else {
            throw ValidationError("\(theirs) can't be read, or is larger than 1 MiB.")
        }
        guard let text = String(validating: data, as: UTF8.self) else { throw ValidationError("\(theirs) is not UTF-8.") }
        let result = try await CentrifugoImport(text, file: URL(filePath: theirs).lastPathComponent)
        if ours == "-" { print(result.text, terminator: "") } else { try PrivateFile.write(result.text, to: ours) }
        for note in result.notes { say("Not carried over: \(note)") }
        for problem in result.problems { say("To be changed: \(problem)") }
        guard result.problems.isEmpty else { throw ExitCode.failure }
        if ours != "-" { print("\(ours) is written. Next: heliograph serve --config \(ours)") }
    }

    private func say(_ line: String) {
        FileHandle.standardError.write(Data("\(line)\n".utf8))
    }
}
