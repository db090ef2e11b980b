/// What the value of an attribute means to a browser, and so what can be in it.
enum AttributeContext: Hashable {
    /// It is a text and nothing else.
    case plain
    /// A URL; what has to be looked at in each value.
    case url(URLCheck)
    /// Several URLs with something between them.
    case urls
    /// Values of CSS properties.
    case style
}

/// Rules about attributes by the names of the element and the attribute, in lower case.
enum AttributeRules {
    private static let url: Set<String> = [
        "action", "archive", "background", "cite", "classid", "codebase", "data", "dynsrc", "formaction", "href", "icon", "longdesc",
        "lowsrc", "manifest",
        "poster", "profile", "src", "usemap",
    ]
    private static let urls: Set<String> = ["srcset", "imagesrcset", "ping"]
    private static let forbidden: Set<String> = ["srcdoc", "http-equiv", "xmlns", "attributename", "is"]
    /// What they load is run, or decides what other addresses mean.
    private static let code: Set<String> = [
        "script src", "script href", "link href", "embed src", "object data", "object codebase", "base href", "use href",
    ]
    private static let harmlessInScript: Set<String> = [
        "nonce", "src", "href", "id", "class", "async", "defer", "integrity", "crossorigin",
    ]
    private static let animation: Set<String> = ["animate", "animatemotion", "animatetransform", "animatecolor", "set"]
    private static let animated: Set<String> = ["to", "from", "values", "by"]

    /// They are there or not, whatever they say.
    private static let flags: Set<String> = [
        "allowfullscreen", "async", "autofocus", "autoplay", "checked", "controls", "default", "defer", "disabled", "formnovalidate",
        "hidden", "inert",
        "ismap", "itemscope", "loop", "multiple", "muted", "nomodule", "novalidate", "open", "playsinline", "readonly", "required",
        "reversed",
        "selected",
    ]
    private static let words: Set<String> = ["contenteditable", "draggable", "spellcheck", "autocapitalize", "writingsuggestions"]

    static func isFlag(_ attribute: String) -> Bool { flags.contains(attribute) }
    static func isWord(_ attribute: String) -> Bool { words.contains(attribute) || attribute.hasPrefix("aria-") }

    /// What a value in this attribute is; `prefix` is what stands before it.
    static func context(_ element: String, _ attribute: String, prefix: String) throws(TemplateError.Rule) -> AttributeContext {
        let name = attribute.split(separator: ":").last.map(String.init) ?? attribute
        if name.hasPrefix("on") { throw .eventHandler }
        try checkForbidden(element, name, isNamespace: attribute.hasPrefix("xmlns"))
        if code.contains("\(element) \(name)") {
            guard URLCheck.fixesOrigin(prefix) else { throw .code }
            return .url(.none)
        }
        if name == "style" {
            guard StyleContext(prefix).isInValue else { throw .style }
            return .style
        }
        if urls.contains(name) { return .urls }
        return url.contains(name) ? .url(try URLCheck(behind: prefix)) : .plain
    }

    private static func checkForbidden(_ element: String, _ name: String, isNamespace: Bool) throws(TemplateError.Rule) {
        let isForbidden =
            forbidden.contains(name) || isNamespace
            || element == "script" && !harmlessInScript.contains(name)
            || animation.contains(element) && animated.contains(name)
            || element == "param"
        if isForbidden { throw .attribute }
    }
}

extension TemplateError.Rule: Error {}
