import PubSub
import RealtimeProtocol

// What results are made of.

extension JSONOutput {
    mutating func error(_ error: APIError) {
        name("error")
        object {
            $0.member("code", error.code)
            $0.member("message", error.message)
        }
    }

    mutating func outcome(_ outcome: Result<StreamPosition, APIError>) {
        switch outcome {
        case .success(let position):
            name("result")
            object { $0.position(position) }
        case .failure(let error): self.error(error)
        }
    }

    mutating func position(_ position: StreamPosition) {
        member("offset", position.offset)
        member("epoch", position.epoch)
    }

    mutating func publication(_ publication: Publication) {
        payload("data", publication.data)
        if publication.offset > 0 { member("offset", publication.offset) }
        if let info = publication.info {
            name("info")
            object { $0.client(info) }
        }
        if publication.time > 0 { member("time", publication.time) }
        guard !publication.tags.isEmpty else { return }
        name("tags")
        object { output in
            for (tag, value) in publication.tags { output.member(tag, value) }
        }
    }

    mutating func client(_ info: ClientInfo) {
        member("user", info.user)
        member("client", info.client)
        if let connection = info.connectionInfo { payload("conn_info", connection) }
        if let channel = info.channelInfo { payload("chan_info", channel) }
    }
}
