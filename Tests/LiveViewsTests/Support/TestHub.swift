import PubSub
import RealtimeHub

/// A hub with a namespace for everything.
func testHub(_ broker: any Broker = MemoryBroker()) -> Hub {
    Hub(namespaces: Namespaces(named: ["open": ChannelSettings()]), broker: broker)
}
