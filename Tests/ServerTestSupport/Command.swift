import Foundation

/// A program that runs beside the test. It is killed when nobody refers to it any more.
public final class Command {
    private let process = Process()
    private let output = Pipe()
    private let errors: URL
    private let ended: AsyncStream<Int32>
    private var unread = Data()

    /// How a program ended.
    public struct Outcome: Sendable {
        /// Its exit code, or less than 0: the signal that ended it.
        public let code: Int32
        public let output: String
        public let errors: String
    }

    /// - Parameter mergesErrors: what it prints to its standard error is part of what ``line()`` reads.
    public init(_ path: String, _ arguments: [String], mergesErrors: Bool = false) throws {
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        errors = FileManager.default.temporaryDirectory.appending(path: "heliograph-\(UUID().uuidString).log")
        try Data().write(to: errors)
        process.standardOutput = output
        if mergesErrors { process.standardError = output } else { process.standardError = try FileHandle(forWritingTo: errors) }
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

    public func signal(_ signal: Int32) {
        kill(process.processIdentifier, signal)
    }

    /// The next line of what it prints; nil at the end.
    public func line() async -> String? {
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread = unread[(end + 1)...] }
                return String(decoding: unread[..<end], as: UTF8.self)
            }
            let handle = output.fileHandleForReading
            // The read blocks, so it has a thread of its own.
            let more = await withCheckedContinuation { continuation in
                Thread.detachNewThread { continuation.resume(returning: handle.availableData) }
            }
            guard !more.isEmpty else {
                // The last one need not have an end.
                defer { unread = unread[unread.endIndex...] }
                return unread.isEmpty ? nil : String(decoding: unread, as: UTF8.self)
            }
            unread.append(more)
        }
    }

    /// What it has said on the standard error until now.
    public var errorsSoFar: String { (try? String(contentsOf: errors, encoding: .utf8)) ?? "" }

    /// Waits for its end.
    public func outcome() async -> Outcome {
        var output = ""
        while let line = await line() { output += line + "\n" }
        var code: Int32 = 0
        for await ended in ended { code = ended }
        return Outcome(code: code, output: output, errors: (try? String(contentsOf: errors, encoding: .utf8)) ?? "")
    }

    /// Runs a program to its end.
    public static func run(_ path: String, _ arguments: [String]) async throws -> Outcome {
        try await Command(path, arguments).outcome()
    }
}
