import Foundation
import HeliographServer
import Logging
import NIOCore
import ServiceLifecycle

/// One run of the built program.
struct Program {
    let code: Int32
    let output: String
    let errors: String

    /// Runs `heliograph` to its end, with `input` as its standard input.
    static func run(_ arguments: [String], input: String = "", environment: [String: String] = [:]) async throws -> Program {
        let process = Process()
        process.executableURL = try self.binary
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let (standardInput, output, errors) = (Pipe(), Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        async let outputText = self.onThread { String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
        async let errorText = self.onThread { String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self) }
        await self.onThread {
            // The program may have ended without reading it all.
            try? standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try? standardInput.fileHandleForWriting.close()
        }
        await self.onThread { process.waitUntilExit() }
        return await Program(code: process.terminationStatus, output: outputText, errors: errorText)
    }

    /// Reading, writing and waiting block, which the threads of Swift's pool must not: the server in this process needs them.
    private static func onThread<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    /// It is built beside the tests.
    private static var binary: URL {
        get throws {
            var folder = URL(fileURLWithPath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
            for _ in 0..<4 {
                let candidate = folder.appendingPathComponent("heliograph")
                if FileManager.default.isExecutableFile(atPath: candidate.path) { return candidate }
                folder.deleteLastPathComponent()
            }
            throw CocoaError(.fileNoSuchFile)
        }
    }
}

/// Runs the server of `heliograph serve` in this process while `body` runs.
func withServer<Result: Sendable>(_ body: @escaping @Sendable (_ port: Int) async throws -> Result) async throws -> Result {
    let started = AsyncStream.makeStream(of: Int.self)
    var configuration = ServeConfiguration()
    configuration.port = 0
    let application = try HeliographApplication(
        configuration: configuration, logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }),
        onServing: { address in started.continuation.yield(address.port ?? 0) })
    let group = ServiceGroup(services: [application], logger: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        var ports = started.stream.makeAsyncIterator()
        let port = await ports.next() ?? 0
        let result: Result
        do {
            result = try await body(port)
        } catch {
            await group.triggerGracefulShutdown()
            throw error
        }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
        return result
    }
}
