import HTTPTypes
import NIOCore
import NIOHTTP1
import RealtimeHub
import WebMiddleware
import WebSocketHummingbird

/// The usual calls of a backend that publishes, answered as soon as they are read: with the key in `X-API-Key`, and nothing that asks for more. All others go through the
/// router (ServerAPI+Routes.swift), and are answered alike.
struct DirectAPI: DirectResponder {
    /// Larger bodies may take a while: they get a task.
    private static let maxBodyBytes = 256 << 10

    private let api: ServerAPI
    private let methods: [String: APIMethod]
    private let fields = DirectFields()

    /// - Returns: nil if nothing can be answered at once.
    init?(_ api: ServerAPI) {
        guard api.hub.publishesAtOnce, !api.observer.isTracing else { return nil }
        self.api = api
        let atOnce = ServerAPI.methods.filter { $0.runAtOnce != nil || $0.isBatch }
        methods = Dictionary(uniqueKeysWithValues: atOnce.map { ("/api/\($0.name)", $0) })
    }

    func accept(_ head: HTTPRequestHead) -> DirectRequest? {
        let version = api.access.version
        guard head.method == .POST, let method = methods[head.uri], let text = Self.key(head.headers),
            let (caller, key) = api.access.value.caller(text)
        else { return nil }
        return DirectRequest(
            maxBodyBytes: min(api.configuration.maxBodyBytes, Self.maxBodyBytes),
            isCurrent: { api.access.version == version && key.isValid() }
        ) { body in
            api.observer.callAtOnce(method.name) { api.answerAtOnce(method, body, for: caller) }.map { answer($0, $1) }
        }
    }

    /// Nil if there is none, or there is a field that asks for more than the usual.
    private static func key(_ headers: HTTPHeaders) -> String? {
        var key: String?
        for (name, value) in headers {
            switch name.utf8.count {
            case 9 where name.isSame("x-api-key"):
                guard key == nil else { return nil }
                key = value
            case 6 where name.isSame("expect"), 16 where name.isSame("content-encoding"), 23 where name.isSame("x-centrifugo-error-mode"):
                return nil
            default: break
            }
        }
        return key
    }

    private func answer(_ body: ByteBuffer, _ error: APIError?) -> DirectAnswer {
        var status = HTTPResponseStatus.ok
        if let error, api.configuration.errorsAreStatuses { status = HTTPResponseStatus(statusCode: error.status.code) }
        return DirectAnswer(status: status, fields: fields.now, body: body)
    }
}

extension String {
    /// Whether it is that name of a field, in any case.
    fileprivate func isSame(_ name: StaticString) -> Bool {
        name.withUTF8Buffer { name in utf8.elementsEqual(name) { $0 | 0x20 == $1 } }
    }
}
