import RealtimeClient
import RealtimeProtocol

struct Message: Codable {
    var text: String
}

@main struct ChannelsClient {
    static func main() async throws {
        var configuration = Client.Configuration()
        configuration.name = "grace"
        let client = Client(url: "ws://localhost:8080/connection/websocket", configuration: configuration)
        client.connect()
        let lobby = try client.subscribe(to: Channel<Message>("chat:lobby"))
        try await lobby.publish(Message(text: "hello"))
        for try await message in lobby.publications {
            print(message.publication.info?.user ?? "", try message.value.text)
        }
    }
}
