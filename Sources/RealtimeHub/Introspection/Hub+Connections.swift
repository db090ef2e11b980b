/// Looking at connections. All of this is for people and backends that ask now and then: what is asked of many connections is done between
/// messages, a few hundred in a turn of an event loop.
extension Hub {
    /// Connections of this process, the newest first, a page of them.
    ///
    /// ```swift
    /// var query = ConnectionQuery(user: "42")
    /// repeat {
    ///     let page = await hub.connections(query)
    ///     for connection in page.connections { print(connection.client, connection.transport) }
    ///     query.after = page.next
    /// } while query.after != nil
    /// ```
    public func connections(_ query: ConnectionQuery = ConnectionQuery()) async -> ConnectionPage {
        var matches = ConnectionMatches(query)
        let clients = query.user.map { self.clients(of: $0) }
        for loop in allLoops {
            let look = { @Sendable (matches: inout ConnectionMatches, session: Session) in matches.look(at: session) }
            // Of a user, who they are is known.
            if let clients {
                matches.add(await loop.look(at: clients, ConnectionMatches(query), look))
            } else {
                matches.add(await loop.scan(ConnectionMatches(query), look))
            }
        }
        return matches.result
    }

    /// One connection of this process; nil if there is none (any more) with this id.
    public func connection(_ client: String) async -> ConnectionDetails? {
        guard let loop = core.clients.loop(of: client) else { return nil }
        return await loop.ask { $0.session(of: client).map { ConnectionDetails($0) } }
    }

    /// The connections for which most bytes wait, most first.
    ///
    /// - Parameters:
    ///   - bytes: the least that waits. Default 1.
    ///   - limit: so many at most, up to 1,000. Default 20.
    public func slowReaders(waiting bytes: Int = 1, limit: Int = 20) async -> [ConnectionInfo] {
        let empty = FirstFew<Int, ConnectionInfo>(min(limit, 1_000))
        var found = empty
        for loop in allLoops {
            found.add(
                await loop.scan(empty) { found, session in
                    let queued = session.transport.bufferedBytes
                    if queued >= max(1, bytes) { found.add(-queued, ConnectionInfo(session)) }
                })
        }
        return found.entries.map(\.element)
    }
}
