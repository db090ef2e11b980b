import Foundation

/// Where `connect` keeps its history: `$XDG_STATE_HOME/heliograph/history`, by default under `~/.local/state`.
struct HistoryFile {
    let path: String

    /// Nil when there is no home to keep it in.
    init?(environment: [String: String] = ProcessInfo.processInfo.environment) {
        // The XDG base directory specification: a relative path is to be ignored.
        if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
            self.path = state + "/heliograph/history"
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            self.path = home + "/.local/state/heliograph/history"
        } else {
            return nil
        }
    }

    /// An unreadable or missing file is an empty history.
    func load() -> LineHistory {
        guard let data = FileManager.default.contents(atPath: self.path) else { return LineHistory() }
        return LineHistory(serialized: String(decoding: data, as: UTF8.self))
    }

    /// Readable by its owner only: what one sends may be secret. A failure is not worth a message.
    func save(_ history: LineHistory) {
        let folder = (self.path as NSString).deletingLastPathComponent
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let temporary = self.path + ".\(ProcessInfo.processInfo.processIdentifier)"
        let isWritten = FileManager.default.createFile(
            atPath: temporary, contents: Data(history.serialized.utf8), attributes: [.posixPermissions: 0o600])
        guard isWritten else { return }
        // rename(2) replaces the old file in one step, so another `connect` never reads half of it.
        if rename(temporary, self.path) != 0 { try? FileManager.default.removeItem(atPath: temporary) }
    }
}
