// The broker's values as the protocol writes them, and back.

import NIOCore
import PubSub
import RealtimeProtocol

extension Wire.ClientInfo {
    init(_ info: ClientInfo) {
        self.init(
            user: info.user, client: info.client, connectionInfo: info.connectionInfo.map { ByteBuffer(bytes: $0) } ?? ByteBuffer(),
            channelInfo: info.channelInfo.map { ByteBuffer(bytes: $0) } ?? ByteBuffer())
    }
}

extension Wire.Connect {
    /// The same, as a push.
    init(_ result: Wire.ConnectResult) {
        self.init(
            client: result.client, version: result.version, data: result.data, subs: result.subs, expires: result.expires, ttl: result.ttl,
            ping: result.ping, pong: result.pong, session: result.session, node: result.node, time: result.time)
    }
}

extension Wire.Publication {
    init(_ publication: Publication, payload: ByteBuffer) {
        self.init(
            data: payload, info: publication.info.map { Wire.ClientInfo($0) }, offset: publication.offset, tags: publication.tags,
            time: publication.time, epoch: publication.offset == 1 ? publication.epoch : "")
    }
}
