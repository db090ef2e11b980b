import NIOCore
import NIOPosix
import WebSocketProtocol
import WebSocketTesting

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A client that is nothing but a blocking descriptor, so that a test decides when and how much is read. Use it in ``onThread(_:)``.
final class RawPeer: Sendable {
    struct Failure: Error {
        let call: String
        let code: CInt
    }

    private let descriptor: CInt

    /// - Parameter receiveBuffer: SO_RCVBUF; a small one makes the server's writes come up short.
    init(port: Int, receiveBuffer: Int? = nil) throws {
        #if canImport(Darwin)
        let stream = SOCK_STREAM
        #else
        let stream = CInt(SOCK_STREAM.rawValue)
        #endif
        descriptor = socket(AF_INET, stream, 0)
        guard descriptor >= 0 else { throw Failure(call: "socket", code: errno) }
        if let receiveBuffer {
            var size = CInt(receiveBuffer)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
        }
        // The structures timeval and linger as the numbers that they consist of, and the address from NIO: the members of C's own belong to
        // whichever module the compiler saw them in first.
        var timeout = (30, 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout.size(ofValue: timeout)))
        let result = try SocketAddress(ipAddress: "127.0.0.1", port: port).withSockAddr { [descriptor] address, size in
            connect(descriptor, address, socklen_t(size))
        }
        guard result == 0 else { throw Failure(call: "connect", code: errno) }
    }

    deinit {
        close(descriptor)
    }

    func send(_ frames: RawFrame...) throws {
        try send(bytes: frames.flatMap { $0.bytes(from: .client) })
    }

    func send(bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard sent > 0 else { throw Failure(call: "write", code: errno) }
            rest = rest.dropFirst(sent)
        }
    }

    /// Up to so many bytes; none at the end of the stream.
    func receive(upTo count: Int = 65_536) throws -> [UInt8] {
        var failure: Failure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let received = read(descriptor, buffer.baseAddress, count)
            if received < 0 { failure = Failure(call: "read", code: errno) }
            initialized = max(0, received)
        }
        if let failure { throw failure }
        return bytes
    }

    /// Everything up to the end of the stream.
    func receiveAll() throws -> [UInt8] {
        var all: [UInt8] = []
        while true {
            let bytes = try receive()
            if bytes.isEmpty { return all }
            all += bytes
        }
    }

    /// So many whole frames, and nothing else.
    func frames(_ count: Int) throws -> [RawFrame] {
        var bytes: [UInt8] = []
        while true {
            if let frames = try? RawFrame.read(bytes), frames.count >= count { return frames.map(\.plain) }
            let more = try receive()
            guard !more.isEmpty else { throw Failure(call: "end of stream", code: 0) }
            bytes += more
        }
    }

    /// Ends our side of the stream.
    func endOutput() {
        #if canImport(Darwin)
        shutdown(descriptor, SHUT_WR)
        #else
        shutdown(descriptor, CInt(SHUT_WR))
        #endif
    }

    /// Ends both sides of the stream.
    func end() {
        #if canImport(Darwin)
        shutdown(descriptor, SHUT_RDWR)
        #else
        shutdown(descriptor, CInt(SHUT_RDWR))
        #endif
    }

    /// The next close of the descriptor resets the connection instead of ending it.
    func resetOnClose() {
        var linger: (CInt, CInt) = (1, 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
    }
}

extension RawFrame {
    /// The frame without how it was masked and its length written.
    var plain: RawFrame {
        var plain = RawFrame(opcode, payload).reserved(reservedBits)
        plain.isFinal = isFinal
        return plain
    }
}

/// Runs something that blocks on a thread of its own.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await NIOThreadPool.singleton.runIfActive(body)
}

/// Passes the time of a slow peer.
func dawdle(microseconds: UInt32) {
    usleep(microseconds)
}
