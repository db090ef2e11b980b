/// Settings that were given on the command line. They come before the environment, and that before the file.
public struct SettingOptions: Sendable {
    /// By the settings' paths.
    private(set) var values: [String: [String]] = [:]

    public init() {}

    /// Takes an option of `heliograph serve`, such as `port`.
    ///
    /// - Parameters:
    ///   - option: its name without the dashes.
    ///   - value: nil: it was not given.
    public mutating func give(_ option: String, _ value: String?) {
        guard let value, let setting = Setting.table.first(where: { $0.option == option }) else { return }
        values[setting.path] = [value]
    }

    /// Takes any setting, as `client.ping_interval=10s`; of a list, the elements with commas between them.
    ///
    /// - Throws: ``ServeError`` if there is no such setting, or if it is a secret.
    public mutating func set(_ assignment: String) throws(ServeError) {
        guard let sign = assignment.firstIndex(of: "=") else {
            throw ServeError("--set \(assignment): it must be a setting and its value, as in client.ping_interval=10s")
        }
        let path = String(assignment[..<sign])
        guard let setting = Setting.at(path), setting.isLayered else {
            if Setting.at(path) != nil { throw ServeError("--set \(path): it is one of a list, which can be given in the file alone") }
            let near = Spelling.nearest(path, among: Setting.table.filter(\.isLayered).map(\.path))
            throw ServeError("--set \(path): there is no such setting" + (near.map { "; did you mean \($0)?" } ?? ""))
        }
        if setting.isSecret, let variable = setting.variable {
            throw ServeError("--set \(path): all users of this machine can see command lines; give it in the file or as \(variable)")
        }
        let text = String(assignment[sign...].dropFirst())
        values[path] = setting.kind.isList ? text.split(separator: ",").map(String.init) : [text]
    }
}
