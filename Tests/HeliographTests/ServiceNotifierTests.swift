// What systemd is told, by the datagrams that it would get.

#if os(Linux)
import Foundation
import Testing

@testable import heliograph

@Suite("sd_notify")
struct ServiceNotifierTests {
    /// A socket with a name, as systemd has it.
    private final class Listener {
        let descriptor: Int32
        let path: String

        init() throws {
            path = FileManager.default.temporaryDirectory.appending(path: "notify-\(UInt32.random(in: 0 ... .max))").path(
                percentEncoded: false)
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let name = Array(path.utf8)
            try #require(name.count < MemoryLayout.size(ofValue: address.sun_path))
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
            let length = socklen_t(MemoryLayout<sockaddr_un>.size)
            let result = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
            }
            try #require(result == 0)
        }

        deinit {
            close(descriptor)
            unlink(path)
        }

        /// What has come; nil: nothing.
        func next() -> String? {
            var bytes = [UInt8](repeating: 0, count: 256)
            let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
        }
    }

    @Test("says when the server is ready, when it reads its configuration anew, and when it ends")
    func words() throws {
        let listener = try Listener()
        let notifier = ServiceNotifier(path: listener.path)
        notifier.ready()
        notifier.reloading()
        notifier.stopping()
        #expect(listener.next() == "READY=1")
        let reloading = try #require(listener.next())
        #expect(reloading.wholeMatch(of: /RELOADING=1\nMONOTONIC_USEC=[0-9]+/) != nil)
        #expect(listener.next() == "STOPPING=1")
        #expect(listener.next() == nil)
    }

    @Test("says nothing where nobody listens", arguments: [nil, "", "relative", "/nowhere/at/all", String(repeating: "/long", count: 100)])
    func nobody(path: String?) {
        ServiceNotifier(path: path).ready()
    }
}
#endif
