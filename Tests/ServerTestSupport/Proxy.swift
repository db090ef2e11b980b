import Foundation

/// A proxy in front of the server, with the configuration of `Docs/operations.md`: what is written there is what is started.
public struct Proxy {
    public enum Program: String, CaseIterable, Sendable {
        case nginx
        case haproxy
        case caddy
    }

    public let command: Command
    private let folder: TemporaryFolder
    private let ports: (plain: Int, secure: Int)

    /// - Parameter scheme: `http` or `https`.
    public func address(_ scheme: String) -> String {
        "\(scheme)://localhost:\(scheme == "http" ? ports.plain : ports.secure)"
    }

    /// The page's block of a language. What only a real machine has, such as ports, is replaced by what the test has.
    private static func block(_ language: String, _ replacements: KeyValuePairs<String, String>) throws -> String {
        let docs = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Docs/operations.md")
        let page = try String(contentsOf: docs, encoding: .utf8)
        guard let start = page.range(of: "```\(language)\n"), let end = page.range(of: "\n```", range: start.upperBound..<page.endIndex)
        else {
            throw Unexpected("Docs/operations.md has no block of \(language)")
        }
        var block = String(page[start.upperBound..<end.lowerBound]) + "\n"
        for (old, new) in replacements {
            guard block.contains(old) else { throw Unexpected("the block of \(language) has no \(old)") }
            block = block.replacing(old, with: new)
        }
        return block
    }

    public static func start(_ program: Program, server: Int, internalPort: Int) async throws -> Proxy {
        let folder = try TemporaryFolder()
        let ports = (plain: try freePort(), secure: try freePort())
        let files = try await folder.certificate()
        let command: Command
        switch program {
        case .nginx:
            let block = try block(
                "nginx",
                [
                    "listen 80;": "listen 127.0.0.1:\(ports.plain);", "listen 443 ssl": "listen 127.0.0.1:\(ports.secure) ssl",
                    "127.0.0.1:8080": "127.0.0.1:\(server)", "/etc/nginx/push.example.com.pem": files.certificate,
                    "/etc/nginx/push.example.com-key.pem": files.key,
                ])
            let places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "\($0)_temp_path \(folder.path($0));" }
            let file = try folder.write(
                """
                daemon off;
                user \(NSUserName());
                pid \(folder.path("nginx.pid"));
                error_log stderr;
                events { worker_connections 1024; }
                http {
                access_log off;
                \(places.joined(separator: "\n"))
                \(block)
                }
                """, to: "nginx.conf")
            command = try Command("/usr/bin/env", ["nginx", "-p", folder.path(""), "-e", "stderr", "-c", file])
        case .haproxy:
            let both = try String(contentsOfFile: files.certificate, encoding: .utf8) + String(contentsOfFile: files.key, encoding: .utf8)
            let block = try block(
                "haproxy",
                [
                    // As many descriptors as anybody has.
                    "maxconn 100000": "maxconn 400", "bind :80\n": "bind 127.0.0.1:\(ports.plain)\n",
                    "bind :443": "bind 127.0.0.1:\(ports.secure)",
                    "/etc/haproxy/push.example.com.pem": try folder.write(both, to: "both.pem"),
                    "127.0.0.1:8080": "127.0.0.1:\(server)", "check port 8081": "check port \(internalPort)",
                ])
            command = try Command("/usr/bin/env", ["haproxy", "-db", "-f", try folder.write(block, to: "haproxy.cfg")])
        case .caddy:
            let block = try block(
                "caddy",
                [
                    "http://push.example.com {": "http://localhost:\(ports.plain) {",
                    "https://push.example.com {": "https://localhost:\(ports.secure) {",
                    "/etc/caddy/push.example.com.pem": files.certificate, "/etc/caddy/push.example.com-key.pem": files.key,
                    "127.0.0.1:8080": "127.0.0.1:\(server)", "health_port 8081": "health_port \(internalPort)",
                ])
            let file = try folder.write("{\n\tadmin off\n\tauto_https disable_redirects\n}\n" + block, to: "Caddyfile")
            command = try Command(
                "/usr/bin/env",
                [
                    "XDG_DATA_HOME=\(folder.path("data"))", "XDG_CONFIG_HOME=\(folder.path("config"))", "caddy", "run", "--adapter",
                    "caddyfile", "--config", file,
                ])
        }
        let proxy = Proxy(command: command, folder: folder, ports: ports)
        try await proxy.waitUntilUp()
        return proxy
    }

    private func waitUntilUp() async throws {
        let address = "\(address("http"))/assets/heliograph.js"
        for _ in 0..<100 {
            let outcome = try await Command.run("/usr/bin/env", ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}\n", address])
            if outcome.output.hasPrefix("200") { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        command.signal(SIGTERM)
        throw Unexpected("the proxy did not come up: \(await command.outcome().errors)")
    }

    private static func freePort() throws -> Int {
        #if os(Linux)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        let descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw Unexpected("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}
