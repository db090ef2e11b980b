import FoundationEssentials
import RealtimeHub
import WebMiddleware

/// Who may call the API.
extension RealtimeConfiguration {
    mutating func readAPI(_ section: ConfigurationSection) async {
        var api = ServerAPI.Configuration()
        section.read("max_body_size", into: &api.maxBodyBytes)
        section.read("max_answer_size", into: &api.maxAnswerBytes)
        section.read("external", into: &api.isExternal)
        section.read("error_mode", into: &api.errorsAreStatuses, ["": false, "transport": true])
        var keys: [(APIKeys.Key, APICaller)] = []
        let key = section.value("key")
        if let key, let text = checkedKey(key) { keys.append((APIKeys.Key("key", text), APICaller(name: "key"))) }
        let parts = section.sections("keys")
        for part in parts {
            guard let (key, caller, place) = readKey(part) else { continue }
            if keys.contains(where: { $0.0.name == key.name }) {
                place.report("there is a key \(key.name) already")
            } else {
                keys.append((key, caller))
            }
        }
        let tokens = await TokenRules(section.section("token"))
        api.access = APIAccess(keys)
        api.access.tokens = tokens.map { APITokenVerifier($0) }
        if key == nil, parts.isEmpty, tokens == nil { section.value.report("it has no key; give key, keys or token") }
        self.api = api
    }

    private func readKey(_ section: ConfigurationSection) -> (APIKeys.Key, APICaller, ConfigurationValue)? {
        let place = section.required("name")
        let text = section.value("key")
        let hash = section.value("sha256")
        let caller = readGrant(section, place?.string ?? "")
        var until = 0
        section.read("valid_until", into: &until)
        let end = until > 0 ? Date(timeIntervalSince1970: Double(until)) : nil
        guard let place, let name = place.string else { return nil }
        guard !name.isEmpty else {
            place.report("it must not be empty")
            return nil
        }
        switch (text, hash) {
        case (let text?, nil): return checkedKey(text).map { (APIKeys.Key(name, $0, validUntil: end), caller, place) }
        case (nil, let hash?):
            guard let digits = hash.string else { return nil }
            if let key = APIKeys.Key(name, sha256: digits, validUntil: end) { return (key, caller, place) }
            hash.report("it must be 64 hexadecimal digits, as `printf %s KEY | sha256sum` writes them")
        default: section.value.report("it must have either key or sha256")
        }
        return nil
    }

    private func readGrant(_ section: ConfigurationSection, _ name: String) -> APICaller {
        var caller = APICaller(name: name)
        let methods = section.list("methods").compactMap { value -> String? in
            guard let method = value.string else { return nil }
            if ServerAPI.table[method] == nil {
                let near = Spelling.nearest(method, among: Array(ServerAPI.table.keys)).map { "; did you mean \($0)?" } ?? ""
                value.report("there is no method \(method)\(near)")
            }
            return method
        }
        if section.section(given: "methods") { caller.methods = Set(methods) }
        let channels = section.list("channels").compactMap { value -> ChannelPattern? in
            guard let text = value.string else { return nil }
            do throws(ChannelRegex.SyntaxError) { return try ChannelPattern(text) } catch { value.report("it is no pattern: \(error)") }
            return nil
        }
        if section.section(given: "channels") { caller.channels = channels }
        var rate = 0
        section.read("rate_limit", into: &rate)
        if rate > 0 { caller.rate = CallRate(perSecond: rate) }
        return caller
    }

    /// One that can't be guessed, and can travel in a header.
    private func checkedKey(_ value: ConfigurationValue) -> String? {
        guard let key = value.string else { return nil }
        guard !key.isEmpty, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            value.report("it must be printable ASCII without spaces, as it travels in a header")
            return nil
        }
        guard isInsecure || key.utf8.count >= 16 else {
            value.report("it has \(key.utf8.count) characters and needs at least 16; make one with `openssl rand -hex 32`")
            return nil
        }
        return key
    }
}
