// How clients reach the server. Names are those of Centrifugo v6.

extension Setting {
    static let transports: [Setting] =
        [Setting("websocket.enabled", .flag, "true", "`/connection/websocket`, in JSON or Protobuf.")] + sockets(under: "websocket")
        + [
            Setting("http_stream.enabled", .flag, "true", "`/connection/http_stream`: POST; an unending answer in JSON or Protobuf."),
            body(under: "http_stream"),
            Setting("sse.enabled", .flag, "true", "`/connection/sse`: GET or POST; server-sent events."),
            body(under: "sse"),
            Setting("uni_websocket.enabled", .flag, "false", "`/connection/uni_websocket`: the server alone speaks, here and below."),
        ] + sockets(under: "uni_websocket") + [
            Setting(
                "uni_sse.enabled", .flag, "false", "`/connection/uni_sse`, for a plain `EventSource`, which recovers by `Last-Event-ID`."),
            body(under: "uni_sse"),
            Setting("uni_http_stream.enabled", .flag, "false", "`/connection/uni_http_stream`: POST; lines of JSON."),
            body(under: "uni_http_stream"),
            Setting(
                "emulation.max_request_body_size", bodySizes, "65536",
                "Bytes of the commands that clients of `http_stream` and `sse` POST to `/emulation`; more is answered with 413."),
        ]

    /// The settings of a transport that is a WebSocket.
    static func sockets(under section: String) -> [Setting] {
        [
            Setting(
                "\(section).compression", .flag, "false",
                "Whether messages are compressed (permessage-deflate) for clients that offer it, each by itself. Off, for it takes processor time and up to 128 MiB for the whole process; and where a secret and text that an attacker chose share a message, its length gives the secret away bit by bit (CRIME, BREACH): what is said to a client at one moment may share one."
            ),
            Setting("\(section).compression_level", .integer(1...9), "3", "1 is fast, 9 is small."),
            Setting("\(section).compression_min_size", .integer(0...1 << 20), "64", "Messages of fewer bytes are sent as they are."),
            Setting(
                "\(section).message_size_limit", .integer(1_024...16 << 20), "65536",
                "Bytes of a message of a client, after decompression. A longer one closes its connection with 1009. Up to four such messages wait for each client."
            ),
            Setting(
                "\(section).write_timeout", .duration(atLeast: .seconds(1)), "30s",
                "A client that takes nothing for so long of what waits for it loses its connection."),
        ]
    }

    private static let bodySizes = Kind.integer(1_024...16 << 20)

    private static func body(under section: String) -> Setting {
        Setting("\(section).max_request_body_size", bodySizes, "65536", "Bytes of the request that begins it; more is answered with 413.")
    }
}
