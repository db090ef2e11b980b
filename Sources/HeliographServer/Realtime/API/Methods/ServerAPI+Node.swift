import NIOCore
import RealtimeHub
import RealtimeProtocol

extension ServerAPI {
    func info(_ request: APIRequest, _ result: inout JSONOutput) throws {
        let (clients, users) = hub.counts
        let uptime = start.duration(to: .now).components.seconds
        result.object { result in
            result.name("nodes")
            result.array { result in
                result.object {
                    $0.member("uid", hub.node)
                    $0.member("name", "heliograph")
                    $0.member("num_clients", clients)
                    $0.member("num_users", users)
                    $0.member("num_channels", hub.channelCount)
                    $0.member("num_subs", hub.subscriptionCount)
                    $0.member("uptime", uptime)
                }
            }
        }
    }

    func call(_ request: APIRequest, _ result: inout JSONOutput) async throws {
        let method = try request.required("method")
        let answer = try await hub.call(method, ByteBuffer(bytes: try request.payload("params") ?? []))
        try request.write(to: &result) { result in
            result.object { result in
                if answer.readableBytes > 0 { result.payload("data", Array(answer.readableBytesView)) }
            }
        }
    }
}
