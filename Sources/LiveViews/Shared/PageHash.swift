/// What a page shows, as the server reads it: `data-live-hash` means nothing to a browser.
struct PageHash: Equatable {
    /// Of all but the shared views.
    let own: String
    /// Of the shared views, in their order; empty where it is not known.
    let versions: [String]

    init(own: String, versions: [String]) {
        self.own = own
        self.versions = versions
    }

    init(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        self.init(own: parts.first ?? "", versions: Array(parts.dropFirst()))
    }

    var text: String { ([own] + versions).joined(separator: ".") }

    /// Those that a view has now.
    static func versions<View: LiveView>(in view: View) -> [String] {
        View.children.compactMap { child in child.shared.map { $0.version(view) ?? "" } }
    }
}
