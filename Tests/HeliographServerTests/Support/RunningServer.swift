import Foundation
import Logging
import NIOCore
import NIOPosix
import ServerTestSupport
import ServiceLifecycle

@testable import HeliographServer

#if canImport(FoundationNetworking)
import FoundationNetworking
#endif

/// The whole application, with all its listeners, until the test is over.
struct RunningServer: Sendable {
    let application: HeliographApplication
    let port: Int
    private let services: ServiceGroup

    /// Nil: there is no internal listener.
    var internalPort: Int? { application.internalAddress?.port }

    func shutDown() async { await services.triggerGracefulShutdown() }

    /// What a listener says to GET (or POST), by its port.
    static func ask(_ port: Int?, _ path: String, _ method: String = "GET", headers: [String: String] = [:]) async throws -> (
        status: Int, body: String, type: String
    ) {
        guard let port, let url = URL(string: "http://127.0.0.1:\(port)\(path)") else { throw Unexpected("no such listener") }
        var request = URLRequest(url: url)
        request.httpMethod = method
        for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
        let (data, response) = try await URLSession.cookieless.data(for: request)
        guard let response = response as? HTTPURLResponse else { throw Unexpected("no answer") }
        return (response.statusCode, String(decoding: data, as: UTF8.self), response.value(forHTTPHeaderField: "Content-Type") ?? "")
    }

    static func run(
        _ configuration: ServeConfiguration, metrics: ServerMetrics = ServerMetrics(),
        _ test: @escaping @Sendable (RunningServer) async throws -> Void
    ) async throws {
        let (serving, continuation) = AsyncStream.makeStream(of: Int.self)
        let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
        let application = try HeliographApplication(
            configuration: configuration, metrics: metrics, logger: logger, onServing: { continuation.yield($0.port ?? 0) })
        let services = ServiceGroup(services: [application], logger: logger)
        try await withThrowingTaskGroup { tasks in
            tasks.addTask {
                defer { continuation.finish() }
                try await services.run()
            }
            var ports = serving.makeAsyncIterator()
            if let port = await ports.next() {
                do { try await test(RunningServer(application: application, port: port, services: services)) } catch {
                    await services.triggerGracefulShutdown()
                    throw error
                }
            }
            await services.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }
}
