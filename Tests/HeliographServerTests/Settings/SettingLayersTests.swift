// Options before the environment before the file, and all that can be wrong with the first two.

import RealtimeHub
import Testing

@testable import HeliographServer

@Suite("Layers of settings")
struct SettingLayersTests {
    private static let file =
        "client: {allow_anonymous: true, ping_interval: 20s}\nchannel: {without_namespace: {}}\nhttp_server: {port: 1000}\n"

    private func read(
        _ options: [String] = [], _ environment: [String: String] = [:], yaml: String? = file
    ) async throws -> ServeConfiguration {
        var given = SettingOptions()
        for option in options { try given.set(option) }
        return try await ServeConfiguration(
            yaml: yaml, file: yaml == nil ? "" : "test.yaml", layers: SettingLayers(options: given.values, environment: environment))
    }

    private func mistakes(_ options: [String] = [], _ environment: [String: String] = [:]) async -> String {
        let error = await #expect(throws: ServeError.self) { try await read(options, environment) }
        return error?.description ?? ""
    }

    @Test("options come before the environment, and that before the file")
    func order() async throws {
        #expect(try await read().port == 1_000)
        #expect(try await read([], ["HELIOGRAPH_HTTP_SERVER_PORT": "2000"]).port == 2_000)
        #expect(try await read(["http_server.port=3000"], ["HELIOGRAPH_HTTP_SERVER_PORT": "2000"]).port == 3_000)
        #expect(try await read([], ["HELIOGRAPH_CLIENT_PING_INTERVAL": "9s"]).realtime?.hub.pingInterval == .seconds(9))
    }

    @Test("a list is its elements with commas between them")
    func lists() async throws {
        let origins = ["HELIOGRAPH_CLIENT_ALLOWED_ORIGINS": "https://a.example,https://b.example"]
        let configuration = try await read([], origins)
        #expect(configuration.given["client.allowed_origins"] == "https://a.example,https://b.example")
        #expect(
            await mistakes([], ["HELIOGRAPH_CLIENT_ALLOWED_ORIGINS": "a.example"]).contains(
                "HELIOGRAPH_CLIENT_ALLOWED_ORIGINS: it must be an origin"))
    }

    @Test("a whole configuration can come without a file")
    func withoutFile() async throws {
        let configuration = try await read(
            ["channel.without_namespace.presence=true"], ["HELIOGRAPH_CLIENT_TOKEN_HMAC_SECRET_KEY": TokenMaker.secret], yaml: nil)
        #expect(configuration.realtime?.namespaces.withoutNamespace?.presence == true)
        #expect(configuration.realtime?.tokens != nil)
        #expect(!configuration.hasDemo)
        let nothing = try await read(["http_server.port=0"], yaml: nil)
        #expect(nothing.realtime == nil)
        #expect(nothing.hasDemo)
    }

    @Test("what is wrong says which option or variable")
    func origins() async {
        #expect(await mistakes(["http_server.port=no"]) == "--port: it must be a whole number from 0 to 65535")
        #expect(
            await mistakes([], ["HELIOGRAPH_CLIENT_PONG_TIMEOUT": "5"])
                == "HELIOGRAPH_CLIENT_PONG_TIMEOUT: it must be a time with its unit, such as 500ms, 25s, 5m or 720h; there is no unit")
        #expect(await mistakes(["client.channel_limit=0"]).hasPrefix("--set client.channel_limit: it must be a whole number"))
    }

    @Test("a variable that looks like a setting and is none is a mistake; others are none of ours")
    func strangers() async throws {
        #expect(
            await mistakes([], ["HELIOGRAPH_CLIENT_PING_INTERVALL": "5s"])
                == "HELIOGRAPH_CLIENT_PING_INTERVALL: there is no such setting; did you mean HELIOGRAPH_CLIENT_PING_INTERVAL?")
        #expect(await mistakes([], ["HELIOGRAPH_CLENT_PING_INTERVAL": "5s"]).contains("did you mean HELIOGRAPH_CLIENT_PING_INTERVAL?"))
        // What Kubernetes says of a service of our name.
        let others = ["HELIOGRAPH_PORT": "tcp://10.0.0.1:80", "HELIOGRAPH_SERVICE_HOST": "10.0.0.1", "HELIOGRAPH_BIN": "/bin/x"]
        _ = try await read([], others)
    }

    @Test("--set knows its settings")
    func assignments() {
        var options = SettingOptions()
        let texts = ["client.ping_intervall=5s", "client.ping_interval", "channel.namespaces[].presence=true"].map { assignment in
            #expect(throws: ServeError.self) { try options.set(assignment) }?.description ?? ""
        }
        #expect(texts[0] == "--set client.ping_intervall: there is no such setting; did you mean client.ping_interval?")
        #expect(texts[1].contains("it must be a setting and its value"))
        #expect(texts[2].contains("can be given in the file alone"))
    }

    @Test(
        "--set refuses secrets, which all users of the machine would see",
        arguments: ["admin_password", "live.secret", "http_api.key", "client.token.hmac_secret_key", "events.secrets"])
    func secrets(path: String) {
        var options = SettingOptions()
        let error = #expect(throws: ServeError.self) { try options.set("\(path)=\(TokenMaker.secret)") }
        let variable = "HELIOGRAPH_" + path.uppercased().replacing(".", with: "_")
        #expect(
            error?.description == "--set \(path): all users of this machine can see command lines; give it in the file or as \(variable)")
        #expect(options.values.isEmpty)
    }

    @Test("all that is wrong is said at once, in the order of the file")
    func everything() async {
        let yaml = """
            client:
              allow_anonymus: true
              ping_interval: 25
            channel:
              namespaces:
                - name: a
                  presence: yes
                - name: "b c"
                  history_size: -1
            http_api: {key: short}
            """
        let error = await #expect(throws: ServeError.self) { try await read([], ["HELIOGRAPH_LOG_LEVEL": "loud"], yaml: yaml) }
        let lines = (error?.description ?? "").split(separator: "\n").map { $0.prefix { $0 != ";" } }
        #expect(
            lines == [
                "HELIOGRAPH_LOG_LEVEL: \"loud\" is not known",
                "test.yaml:2: client.allow_anonymus: there is no such key here",
                "test.yaml:3: client.ping_interval: it must be a time with its unit, such as 500ms, 25s, 5m or 720h",
                "test.yaml:7: channel.namespaces[0].presence: it must be true or false",
                "test.yaml:8: channel.namespaces[1].name: it must be letters, digits, -, _ and ., without the boundary that follows it in a channel's name",
                "test.yaml:9: channel.namespaces[1].history_size: it must be a whole number from 0 to 10000000",
                "test.yaml:10: http_api.key: it has 5 characters and needs at least 16",
            ])
    }
}
