import Foundation

/// A folder that is gone after the test.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appending(path: "heliograph-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }

    func path(_ name: String) -> String {
        url.appending(path: name).path(percentEncoded: false)
    }

    func write(_ text: String, to name: String) throws -> String {
        try text.write(toFile: path(name), atomically: true, encoding: .utf8)
        return path(name)
    }

    /// A certificate for localhost, valid for a day, and its key.
    func certificate(_ name: String = "server") async throws -> (certificate: String, key: String) {
        let files = (certificate: path("\(name)-cert.pem"), key: path("\(name)-key.pem"))
        let openssl = try await Command.run(
            "/usr/bin/env",
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj",
                "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", files.key, "-out", files.certificate,
            ])
        guard openssl.code == 0 else { throw Unexpected("openssl: \(openssl.errors)") }
        return files
    }
}

/// A program that runs beside the test.
final class Command {
    private let process = Process()
    private let output = Pipe()
    private let errors: URL
    private let ended: AsyncStream<Int32>
    private var unread = Data()

    struct Outcome {
        let code: Int32
        let output: String
        let errors: String
    }

    init(_ path: String, _ arguments: [String]) throws {
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        errors = FileManager.default.temporaryDirectory.appending(path: "heliograph-\(UUID().uuidString).log")
        _ = FileManager.default.createFile(atPath: errors.path(percentEncoded: false), contents: nil)
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        ended = stream
        process.terminationHandler = { process in
            continuation.yield(process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
            continuation.finish()
        }
        try process.run()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: errors)
    }

    func signal(_ signal: Int32) {
        kill(process.processIdentifier, signal)
    }

    /// A line of what it prints; nil at the end. Blocks the thread that it runs on, which is a thread of its own.
    func line() async -> String? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread = unread[(end + 1)...] }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let handle = output.fileHandleForReading
            let more = await withCheckedContinuation { continuation in
                Thread.detachNewThread { continuation.resume(returning: handle.availableData) }
            }
            guard !more.isEmpty else { return nil }
            unread.append(more)
        }
    }

    /// Waits for its end. A negative code is the signal that ended it.
    func outcome() async -> Outcome {
        var output = ""
        while let line = await line() { output += line + "\n" }
        var code: Int32 = 0
        for await ended in ended { code = ended }
        return Outcome(code: code, output: output, errors: (try? String(contentsOf: errors, encoding: .utf8)) ?? "")
    }

    static func run(_ path: String, _ arguments: [String]) async throws -> Outcome {
        try await Command(path, arguments).outcome()
    }
}

/// The program that users run, as it was built beside these tests.
enum HeliographBinary {
    static var path: String {
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
}
