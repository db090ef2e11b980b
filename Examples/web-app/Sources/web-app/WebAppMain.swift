import Hummingbird
import WebApp

@main struct Main {
    static func main() async throws {
        // `runService` ends the process gracefully on SIGTERM and SIGINT; see Shutdown.swift.
        try await buildApplication().runService()
    }
}
