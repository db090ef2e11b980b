import RealtimeProtocol
import Testing

private struct Quote: Codable, Sendable {
    var price: Double
}

@Suite("Channels that know their values")
struct ChannelTests {
    @Test("a channel is its name")
    func name() {
        let quotes = Channel<Quote>("stocks:AAPL")
        #expect(quotes.name == "stocks:AAPL")
        #expect("\(quotes)" == "stocks:AAPL")
        #expect(quotes == Channel("stocks:AAPL"))
        #expect(quotes != Channel("stocks:MSFT"))
    }
}
