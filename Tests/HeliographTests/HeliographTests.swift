import ArgumentParser
import Testing

@testable import heliograph

@Suite("The command line")
struct HeliographTests {
    @Test("has three subcommands", arguments: ["serve", "connect", "bench"])
    func subcommands(name: String) {
        #expect(Heliograph.configuration.subcommands.contains { $0._commandName == name })
    }
}
