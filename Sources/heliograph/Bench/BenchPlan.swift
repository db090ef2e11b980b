import NIOCore
import WebSocketClient
import WebSocketProtocol

/// What a run does.
struct BenchPlan: Sendable {
    enum Mode: String, CaseIterable, Codable, Sendable {
        /// Each connection sends messages and waits for them to come back.
        case echo
        /// One connection publishes; all connections receive.
        case fanout
        /// Connections are opened and held.
        case idle
        /// Connections are opened and closed, over and over.
        case connect
    }

    let url: String
    let mode: Mode
    let connections: Int
    /// Bytes of a message.
    let size: Int
    /// Echo: messages in flight on each connection; fan-out: publications under way; connect: handshakes at once.
    let depth: Int
    /// Messages a second in all (echo), publications (fan-out) or handshakes (connect); nil: as fast as the answers come.
    let rate: Double?
    let warmUp: Duration
    let duration: Duration
    let threads: Int
    let kind: MessageKind
    let configuration: WebSocketClientConfiguration
    /// A server process on this machine whose memory is to be told.
    let pid: Int32?

    /// How often figures are taken: about 120 points for the charts, and no more than ten a second.
    var sampleInterval: Duration { max(.milliseconds(100), self.duration / 120) }

    /// The payload of a message: words, so that a compressor finds neither nothing nor everything to do.
    static func payload(size: Int) -> ByteBuffer {
        let words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel", "india", "juliett", "kilo", "lima", "mike"]
        var buffer = ByteBuffer()
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        while buffer.readableBytes < size {
            // A generator of Lehmer's; any numbers do, if they are the same in each run.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            buffer.writeString(words[Int(state >> 33) % words.count] + " ")
        }
        return buffer.readSlice(length: size) ?? ByteBuffer()
    }
}

/// Whom a load generator may be pointed at without asking: this machine.
enum BenchTarget {
    static func isLoopback(_ host: String) -> Bool {
        if host == "localhost" || host == "::1" { return true }
        // `WebSocketURL` lets only four whole decimal octets look like a number, so this cannot be 127.1 or 127.example.com.
        guard let address = try? SocketAddress(ipAddress: host, port: 0), address.protocol == .inet else { return false }
        return host.hasPrefix("127.")
    }
}
