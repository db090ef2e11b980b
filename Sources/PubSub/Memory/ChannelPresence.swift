/// Who is in one channel. The users are counted as they come and go, so that asking how many costs nothing.
struct ChannelPresence {
    private struct Member {
        var info: ClientInfo
        var expires: Tick
    }

    private var members: [String: Member] = [:]
    private var clientsOfUser: [String: Int] = [:]
    /// Before this time nobody's time is over.
    private var nextExpiry = Tick.zero

    var isEmpty: Bool { members.isEmpty }
    var counts: PresenceCounts { PresenceCounts(clients: members.count, users: clientsOfUser.count) }

    mutating func add(_ info: ClientInfo, until expires: Tick) {
        if members.isEmpty || expires < nextExpiry { nextExpiry = expires }
        let known = members.updateValue(Member(info: info, expires: expires), forKey: info.client)
        guard known?.info.user != info.user else { return }
        if let known { forget(known.info.user) }
        clientsOfUser[info.user, default: 0] += 1
    }

    mutating func remove(_ client: String) {
        guard let member = members.removeValue(forKey: client) else { return }
        forget(member.info.user)
    }

    private mutating func forget(_ user: String) {
        guard let count = clientsOfUser[user] else { return }
        clientsOfUser[user] = count == 1 ? nil : count - 1
    }

    /// Looks through all of them, but only if someone's time may be over.
    mutating func removeExpired(at now: Tick) {
        guard nextExpiry <= now, !members.isEmpty else { return }
        for (client, member) in members where member.expires <= now { remove(client) }
        nextExpiry = members.values.map(\.expires).min() ?? .zero
    }

    func members(limit: Int) -> [String: ClientInfo] {
        if limit >= members.count { return members.mapValues(\.info) }
        return Dictionary(uniqueKeysWithValues: members.prefix(max(0, limit)).map { ($0.key, $0.value.info) })
    }
}
