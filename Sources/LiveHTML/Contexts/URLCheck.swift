/// What has to be looked at in a value that is part of a URL. It depends on what stands before the value in the template.
enum URLCheck: Hashable {
    /// Scheme and origin are settled before it.
    case none
    /// The whole URL may only have a scheme of the list, or none.
    case scheme
    /// Behind a single slash: another one would make it the address of another host.
    case path

    static let schemes: Set<String> = ["http", "https", "mailto", "tel"]
    private static let images = ["data:image/png;base64,", "data:image/jpeg;base64,", "data:image/gif;base64,", "data:image/webp;base64,"]
    /// What takes the place of a value that is not allowed. It leads nowhere.
    static let blocked = "about:invalid#blocked"

    init(behind prefix: String) throws(TemplateError.Rule) {
        let start = URLStart(prefix)
        if let scheme = start.scheme {
            guard Self.schemes.contains(scheme) || Self.images.contains(prefix) else { throw .scheme }
            self = .none
        } else if start.text == "/" || start.text == "\\" {
            self = .path
        } else {
            self = start.isSettled ? .none : .scheme
        }
    }

    /// Whether what stands before the value decides from where the browser loads.
    static func fixesOrigin(_ prefix: String) -> Bool {
        if prefix.hasPrefix("#") { return true }
        if prefix.hasPrefix("https://") { return prefix.dropFirst(8).dropFirst().contains("/") && !prefix.dropFirst(8).hasPrefix("/") }
        guard prefix.hasPrefix("/"), let next = prefix.dropFirst().first else { return false }
        return next != "/" && next != "\\"
    }

    /// Whether the values can be where they are. `whole` is the URL with them in it.
    func allows(_ whole: String) -> Bool {
        switch self {
        case .none: true
        case .scheme: URLStart(whole).scheme.map(Self.schemes.contains) ?? true
        case .path: URLStart(String(whole.unicodeScalars.dropFirst())).text.first.map { $0 != "/" && $0 != "\\" } ?? true
        }
    }

    /// For a list of URLs: no word in it may have another scheme.
    static func allowsAll(_ list: String) -> Bool {
        list.split { $0 == "," || $0.isWhitespace }.allSatisfy { URLCheck.scheme.allows(String($0)) }
    }
}

/// The start of a URL as a browser reads it: without leading controls and spaces, tabs and newlines (URL standard, 4.4).
struct URLStart {
    /// Up to the first character that ends a scheme or can't be in one.
    let text: String
    /// In lower case.
    let scheme: String?
    /// Whether no more text can make a scheme of it.
    let isSettled: Bool

    init(_ url: String) {
        var text = ""
        var end: Unicode.Scalar?
        for scalar in url.unicodeScalars {
            if scalar == "\t" || scalar == "\n" || scalar == "\r" || text.isEmpty && scalar.value <= 0x20 { continue }
            text.unicodeScalars.append(scalar)
            guard ![":", "/", "\\", "?", "#"].contains(scalar) else {
                end = scalar
                break
            }
        }
        self.text = text
        scheme = end == ":" ? text.dropLast().lowercased() : nil
        isSettled = end != nil
    }
}
