public import NIOCore
import RealtimeProtocol

/// What a backend can have done with connections, beside what an application does.
extension Hub {
    /// Calls a method of the application (``HubHandlers/call``), as nobody.
    ///
    /// - Throws: error 104 if the application has no methods; what the application throws.
    public func call(_ method: String, _ data: ByteBuffer) async throws(HubRefusal) -> ByteBuffer {
        guard let handler = core.handlers.call else { throw .error(.methodNotFound) }
        return try await handler(CallEvent(identity: ClientIdentity(client: "", user: ""), method: method, data: data))
    }

    /// The id of the connection whose client was told this name of its session; nil if there is none on this process. Clients have one where requests
    /// are their way to speak, or they cannot.
    public func client(session name: String) -> String? {
        (core.emulated.session(name) ?? core.unidirectional.session(name))?.client
    }

    /// Prolongs a connection, or ends its expiry. The client is told.
    ///
    /// - Parameters:
    ///   - client: the id of the connection.
    ///   - expiresAt: when it must have been refreshed, in milliseconds since 1970; 0: never. A time that has passed ends it with 3005.
    ///   - info: JSON that others see of it from now on, where it subscribes; nil: as before.
    public func refresh(client: String, expiresAt: Int64, info: [UInt8]? = nil) {
        withSession(client) { $0.prolong(until: expiresAt, info) }
    }
}

extension Session {
    fileprivate func prolong(until time: Int64, _ info: [UInt8]?) {
        perform { [self] in
            guard state == .connected else { return }
            guard time == 0 || time > configuration.now() else { return disconnect(.connectionExpired) }
            expiresAt = time
            if let info { connectionInfo = info }
            var refresh = Wire.Refresh()
            if time > 0 {
                refresh.expires = true
                refresh.ttl = secondsLeft(until: time)
            }
            push("", .refresh(refresh))
        }
    }
}
