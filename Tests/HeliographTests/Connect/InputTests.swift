import ArgumentParser
import HTTPTypes
import NIOCore
import NIOSSL
import Testing
import WebSocketClient
import WebSocketNIO
import WebSocketProtocol

@testable import heliograph

@Suite("What is typed, piped and asked for")
struct InputTests {
    @Test(
        "a line is a message or a command",
        arguments: [
            ("hello", InputCommand.text("hello")), (" /ping", .text(" /ping")), ("//ping", .text("/ping")), ("/ping", .ping),
            ("/help", .help),
            ("/binary 68 69", .binary(ByteBuffer(bytes: [0x68, 0x69]))), ("/binary", .binary(ByteBuffer())),
            ("/binary FFfe", .binary(ByteBuffer(bytes: [0xFF, 0xFE]))),
            ("/close", .close(.normalClosure, "")), ("/quit", .close(.normalClosure, "")), ("/close 4001 bye bye", .close(4001, "bye bye")),
        ])
    func commands(line: String, command: InputCommand) {
        #expect(InputCommand(line) == command)
    }

    @Test(
        "mistakes are told, and send nothing",
        arguments: [
            "/", "/nothing", "/binary 1", "/binary xx", "/binary +1", "/binary é", "/close 1005", "/close 999", "/close 5000", "/close x",
            "/close 99999999",
        ])
    func mistakes(line: String) {
        guard case .mistake = InputCommand(line) else {
            Issue.record("\(InputCommand(line))")
            return
        }
    }

    @Test("lines of a pipe are messages, in whatever pieces they come")
    func lines() {
        let buffer = LineBuffer()
        #expect(buffer.append(Array("on".utf8)).isEmpty)
        #expect(buffer.append(Array("e\n\ntwo\nth".utf8)) == [.text("one"), .text(""), .text("two")])
        #expect(buffer.append(Array("ree".utf8)).isEmpty)
        #expect(buffer.finish() == .text("three"))
        #expect(buffer.finish() == nil)
        #expect(buffer.append([0xC3]).isEmpty)
        #expect(buffer.append([0xA9, 0x0A]) == [.text("é")])
    }

    @Test("a line that is not UTF-8 is sent as it is")
    func notUTF8() {
        #expect(LineBuffer().append([0xFF, 0x0A]) == [.binary(ByteBuffer(bytes: [0xFF]))])
    }

    @Test(
        "the exit code says how it ended",
        arguments: [
            (CloseReason(code: .normalClosure, origin: .peer), false, Int32(0)), (.init(code: .goingAway, origin: .peer), false, 0),
            (.init(code: .noStatusReceived, origin: .peer), false, 0), (.init(code: .normalClosure, origin: .us), true, 0),
            (.init(code: 4001, origin: .us), true, 0), (.init(code: .protocolError, origin: .us), false, 3),
            (.init(code: .internalError, origin: .peer), false, 3), (.init(code: 4001, origin: .peer), false, 3), (.lost("gone"), false, 3),
            (.lost("gone"), true, 3),
        ])
    func exitCodes(reason: CloseReason, weAskedForIt: Bool, code: Int32) {
        #expect(ConnectResult(reason, weAskedForIt: weAskedForIt).exitCode.rawValue == code)
    }

    @Test("options make a configuration")
    func options() throws {
        let connect = try Connect.parse([
            "wss://h/", "-H", "Authorization: Bearer a:b", "--header", "X-Empty:", "--subprotocol", "v2", "--subprotocol", "v1",
            "--compress", "--proxy",
            "http://me:secret@proxy:3128", "--insecure-skip-tls-verification", "--timeout", "3", "--max-size", "1000", "-x", "a", "-x", "b",
        ])
        #expect(connect.message == ["a", "b"])
        let configuration = try connect.connection.makeConfiguration()
        #expect(configuration.headers[.authorization] == "Bearer a:b")
        #expect(configuration.headers.count == 2)
        #expect(configuration.subprotocols == ["v2", "v1"])
        #expect(configuration.webSocket.compression != nil)
        #expect(configuration.webSocket.limits.maxMessageSize == 1_000)
        #expect(configuration.proxy?.host == "proxy")
        #expect(configuration.proxy?.port == 3_128)
        #expect(configuration.proxy?.authorization == "Basic bWU6c2VjcmV0")
        #expect(configuration.tls?.certificateVerification == CertificateVerification.none)
        #expect(configuration.totalTimeout == .seconds(3))
        #expect(try Connect.parse(["ws://h/"]).connection.makeConfiguration().tls?.certificateVerification == .fullVerification)
    }

    @Test(
        "wrong usage is refused",
        arguments: [
            [], ["http://h/"], ["ws://h/#f"], ["ws://h/", "-H", "no colon"], ["ws://h/", "-H", "bad name: x"],
            ["ws://h/", "-H", "X: a\nb"],
            ["ws://h/", "--proxy", "proxy:0"], ["ws://h/", "--proxy", "proxy/path"], ["ws://h/", "--wait", "-1"],
            ["ws://h/", "--wait", "nan"],
            ["ws://h/", "--count", "0"], ["ws://h/", "--ping-interval", "0"], ["ws://h/", "--timeout", "0"],
            ["ws://h/", "--max-size", "0"],
            ["ws://h/", "--format", "xml"],
        ])
    func wrongUsage(arguments: [String]) {
        #expect(throws: (any Error).self) { try Connect.parse(arguments) }
    }
}
