import ArgumentParser
import Testing

@testable import heliograph

@Suite("The command line")
struct HeliographTests {
    @Test("has the subcommands that README names")
    func subcommands() {
        let names = Heliograph.configuration.subcommands.map { $0._commandName }
        #expect(names == ["serve", "init", "check-config", "import-config", "token", "connect", "bench"])
    }
}
