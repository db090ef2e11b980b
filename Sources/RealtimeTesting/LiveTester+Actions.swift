public import LiveViews
import Synchronization

extension LiveTester {
    // MARK: Steps

    func begin() { state.withLock { $0.stepStart = $0.messages.count } }

    /// Sends the event in an attribute of an element, and waits until it is handled.
    private func tell(_ tree: PageTree, _ index: Int, _ attribute: String, _ value: String? = nil, about control: Int? = nil) async throws {
        let event = tree.elements[index].attributes[attribute] ?? ""
        let view = tree.elements[index].view
        try await push { "[\($0),\(view),\(JSON.quoted(event))\(value.map { ",\($0)" } ?? "")]" }
        // What the user typed is the server's now.
        let keys = (control.map { [$0] } ?? []) + (tree.elements[index].name == "form" ? tree.controls(of: index) : [])
        state.withLock { state in
            for key in keys { state.edits[tree.key(key)] = nil }
        }
    }

    func push(_ message: (Int) -> String) async throws {
        let ref = state.withLock { state in
            state.lastRef += 1
            return state.lastRef
        }
        try await receive(message(ref))
        try await settle("the acknowledgement of event \(ref)") { $0.acknowledged >= ref }
    }

    private func enabled(_ selector: String, _ tree: PageTree) throws(LiveTesterError) -> Int {
        let index = try one(selector, tree)
        guard !tree.isDisabled(index) else { throw LiveTesterError(.disabled, "“\(selector)” is disabled in \(html)") }
        return index
    }

    private func noBinding(_ what: String, _ selector: String) -> LiveTesterError {
        LiveTesterError(.noBinding, "neither “\(selector)” nor what is around it has \(what), in \(html)")
    }

    private func bound(_ attribute: String, _ index: Int, _ tree: PageTree) -> Int? {
        tree.closest(index) { $0.attributes[attribute] != nil }
    }

    // MARK: The mouse

    /// Clicks on an element: an event of it or of what is around it, a link of the application, the button of a form, or a box.
    public func click(_ selector: String) async throws {
        let tree = tree()
        let index = try enabled(selector, tree)
        begin()
        let away = tree.elements.indices.filter { tree.elements[$0].attributes["data-on-away"] != nil && !tree.around(index).contains($0) }
        for element in away { try await tell(tree, element, "data-on-away") }
        let isDone = try await follow(tree, index)
        guard !isDone, away.isEmpty else { return }
        throw noBinding("data-on-click", selector)
    }

    /// What a click leads to, if anything.
    private func follow(_ tree: PageTree, _ index: Int) async throws -> Bool {
        if let bound = bound("data-on-click", index, tree) {
            try await tell(tree, bound, "data-on-click")
            return true
        }
        if let link = tree.closest(index, where: { $0.name == "a" && $0.attributes["data-patch"] != nil }) {
            try await go(to: tree.elements[link].attributes["href"] ?? "")
            return true
        }
        if let link = tree.closest(index, where: { $0.name == "a" && $0.attributes["data-navigate"] != nil }) {
            state.withLock { $0.destination = tree.elements[link].attributes["href"] }
            return true
        }
        if let button = tree.around(index).first(where: { tree.isSubmitButton($0) }), let form = tree.form(of: button),
            tree.elements[form].attributes["data-on-submit"] != nil
        {
            try await send(form, tree, button)
            return true
        }
        guard tree.isBox(index) else { return false }
        let isChecked = tree.type(of: index) == "radio" || !tree.isChecked(index, state.withLock(\.edits))
        return try await set(index, tree, .isChecked(isChecked), "input change")
    }

    // MARK: Controls

    /// Types a text in place of what is in a control. It is an event if the control or its form has one for `input`; otherwise the text stays there until the form is sent.
    public func type(_ text: String, into selector: String) async throws {
        let tree = tree()
        let index = try enabled(selector, tree)
        guard tree.isControl(index), !tree.isBox(index), tree.elements[index].name != "select" else {
            throw LiveTesterError(.noControl, "nothing can be typed into “\(selector)” in \(html)")
        }
        guard tree.elements[index].attributes["readonly"] == nil else {
            throw LiveTesterError(.disabled, "“\(selector)” is read-only in \(html)")
        }
        begin()
        let isTold = try await set(index, tree, .text(text), "input")
        guard isTold || tree.form(of: index) != nil || bound("data-on-change", index, tree) != nil else {
            throw noBinding("data-on-input", selector)
        }
    }

    /// Gives a control another value, a text or the value of an option, and leaves it: an event of `input` and one of `change`, of the control or its form.
    public func change(_ selector: String, to value: String) async throws {
        let tree = tree()
        let index = try enabled(selector, tree)
        begin()
        guard try await set(index, tree, try control(index, value, tree), "input change") || tree.form(of: index) != nil else {
            throw noBinding("data-on-change", selector)
        }
    }

    /// Checks a box, or takes the mark away. A box that is so already is no event.
    public func check(_ selector: String, _ isChecked: Bool = true) async throws {
        let tree = tree()
        let index = try enabled(selector, tree)
        guard tree.isBox(index) else { throw LiveTesterError(.noControl, "“\(selector)” is no box in \(html)") }
        begin()
        guard tree.isChecked(index, state.withLock(\.edits)) != isChecked else { return }
        guard try await set(index, tree, .isChecked(isChecked), "input change") || tree.form(of: index) != nil else {
            throw noBinding("data-on-change", selector)
        }
    }

    /// What is in a control: what the user has typed, or what the page says.
    public func value(of selector: String) throws(LiveTesterError) -> String {
        let tree = tree()
        let index = try one(selector, tree)
        guard tree.isControl(index) else { throw LiveTesterError(.noControl, "“\(selector)” is no control in \(html)") }
        let edits = state.withLock(\.edits)
        return tree.isBox(index) ? String(tree.isChecked(index, edits)) : tree.values(of: index, edits).joined(separator: ",")
    }

    /// What a text means for a control.
    private func control(_ index: Int, _ value: String, _ tree: PageTree) throws(LiveTesterError) -> ControlValue {
        guard tree.isControl(index) else { throw LiveTesterError(.noControl, "<\(tree.elements[index].name)> is no control") }
        if tree.isBox(index) { return .isChecked(["true", "on", tree.elements[index].attributes["value"]].contains(value)) }
        if tree.elements[index].name == "select", !tree.options(of: index).contains(where: { $0.value == value }) {
            throw LiveTesterError(.noControl, "there is no option “\(value)” among \(tree.options(of: index).map(\.value))")
        }
        return .text(value)
    }

    private func edit(_ index: Int, _ tree: PageTree, _ value: ControlValue) {
        state.withLock { state in
            let key = tree.key(index)
            state.touched.insert(key)
            state.edits[key] = value
            guard case .isChecked(true) = value, tree.type(of: index) == "radio" else { return }
            for other in tree.elements.indices
            where other != index && tree.type(of: other) == "radio" && tree.form(of: other) == tree.form(of: index) {
                if tree.elements[other].attributes["name"] == tree.elements[index].attributes["name"] {
                    state.edits[tree.key(other)] = .isChecked(false)
                }
            }
        }
    }

    /// - Returns: whether it was an event.
    private func set(_ index: Int, _ tree: PageTree, _ value: ControlValue, _ types: String) async throws -> Bool {
        edit(index, tree, value)
        let (edits, touched) = state.withLock { ($0.edits, $0.touched) }
        var isTold = false
        for type in types.split(separator: " ") {
            let attribute = "data-on-\(type)"
            let isForm = { (form: Int) in tree.elements[form].attributes[attribute] != nil }
            guard let bound = bound(attribute, index, tree) ?? tree.form(of: index).flatMap({ isForm($0) ? $0 : nil }) else { continue }
            isTold = true
            try await tell(tree, bound, attribute, payload(tree, bound, index, edits, touched), about: index)
        }
        return isTold
    }

    private func payload(_ tree: PageTree, _ bound: Int, _ control: Int, _ edits: [String: ControlValue], _ touched: Set<String>) -> String?
    {
        guard tree.elements[bound].name == "form" else { return tree.value(of: control, edits) }
        var fields = tree.fields(of: bound, edits)
        let used = Set(
            tree.controls(of: bound).filter { touched.contains(tree.key($0)) || tree.type(of: $0) == "hidden" }
                .compactMap { tree.elements[$0].attributes["name"] })
        let unused = fields.map(\.name).filter { !used.contains($0) }
        if let name = tree.elements[control].attributes["name"] { fields.append(("_target", [name])) }
        guard !unused.isEmpty else { return JSON.object(fields) }
        return JSON.object(fields).dropLast() + ",\"_unused\":[\(unused.map(JSON.quoted).joined(separator: ","))]}"
    }

    // MARK: Forms

    /// Fills in the fields of a form and sends it.
    ///
    /// - Parameters:
    ///   - selector: the form, or a button of it.
    ///   - fields: texts by the names of controls; a box is checked by `true`, `on` or its value. Other fields are sent as they are.
    public func submit(_ selector: String, _ fields: [String: String] = [:]) async throws {
        let tree = tree()
        let index = try enabled(selector, tree)
        guard let form = tree.elements[index].name == "form" ? index : tree.form(of: index) else {
            throw LiveTesterError(.noControl, "“\(selector)” is no form, and in none, in \(html)")
        }
        guard tree.elements[form].attributes["data-on-submit"] != nil else { throw noBinding("data-on-submit", selector) }
        for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
            let controls = tree.controls(of: form).filter { tree.elements[$0].attributes["name"] == name && tree.isControl($0) }
            let wanted = controls.first { tree.type(of: $0) != "radio" || tree.elements[$0].attributes["value"] == value }
            guard let control = wanted else {
                throw LiveTesterError(.noControl, "the form “\(selector)” has no control “\(name)” for “\(value)”, in \(html)")
            }
            guard !tree.isDisabled(control) else { throw LiveTesterError(.disabled, "“\(name)” of “\(selector)” is disabled in \(html)") }
            edit(control, tree, try self.control(control, value, tree))
        }
        begin()
        try await send(form, tree, tree.isSubmitButton(index) ? index : nil)
    }

    private func send(_ form: Int, _ tree: PageTree, _ submitter: Int?) async throws {
        let edits = state.withLock { state in
            state.touched.formUnion(tree.controls(of: form).map { tree.key($0) })
            return state.edits
        }
        try await tell(tree, form, "data-on-submit", JSON.object(tree.fields(of: form, edits, submitter: submitter)))
    }

    // MARK: The keyboard

    /// Presses a key and lets it go, in an element or, without one, somewhere in the page. Enter in a control sends its form.
    public func press(_ key: String, in selector: String? = nil) async throws {
        try await press(KeyPress(key: key), in: selector)
    }

    /// Presses a key with others held down.
    public func press(_ key: KeyPress, in selector: String? = nil) async throws {
        let tree = tree()
        let index = try selector.map { selector throws(LiveTesterError) in try enabled(selector, tree) }
        begin()
        var isTold = false
        for type in ["keydown", "keyup"] {
            var bindings = tree.elements.indices.filter { tree.elements[$0].attributes["data-on-window-\(type)"] != nil }
                .map { ($0, "data-on-window-\(type)") }
            if let index, let bound = bound("data-on-\(type)", index, tree) { bindings.insert((bound, "data-on-\(type)"), at: 0) }
            for (element, attribute) in bindings where Self.wants(tree.elements[element].attributes["data-key"], key) {
                isTold = true
                try await tell(tree, element, attribute, Self.json(key))
            }
        }
        if let index, key.key == "Enter", tree.elements[index].name == "input", let form = tree.form(of: index),
            tree.elements[form].attributes["data-on-submit"] != nil
        {
            isTold = true
            try await send(form, tree, tree.controls(of: form).first { tree.isSubmitButton($0) && !tree.isDisabled($0) })
        }
        guard isTold else { throw noBinding("data-on-keydown or data-on-keyup for \(key.key)", selector ?? "the page") }
    }

    private static func wants(_ keys: String?, _ key: KeyPress) -> Bool {
        guard let keys else { return true }
        return keys.split(separator: " ").contains { $0 == key.key || $0 == key.code }
    }

    private static func json(_ key: KeyPress) -> String {
        var json = "{\"key\":\(JSON.quoted(key.key))"
        if !key.code.isEmpty { json += ",\"code\":\(JSON.quoted(key.code))" }
        let flags = [("alt", key.alt), ("ctrl", key.ctrl), ("meta", key.meta), ("shift", key.shift), ("repeat", key.isRepeated)]
        for (name, isSet) in flags where isSet { json += ",\"\(name)\":true" }
        return json + "}"
    }

    // MARK: Other events

    /// Gives an element the focus.
    public func focus(_ selector: String) async throws { try await fire("focus", selector) }

    /// Takes the focus from an element.
    public func blur(_ selector: String) async throws { try await fire("blur", selector) }

    /// An element comes into view.
    public func appear(_ selector: String) async throws { try await fire("appear", selector) }

    private func fire(_ type: String, _ selector: String) async throws {
        let tree = tree()
        let index = try enabled(selector, tree)
        guard tree.elements[index].attributes["data-on-\(type)"] != nil else { throw noBinding("data-on-\(type)", selector) }
        begin()
        try await tell(tree, index, "data-on-\(type)", tree.value(of: index, state.withLock(\.edits)))
    }

    /// An event as a browser says it, which need not be one that the page has: `toggle:4`. What is sent with it is in JSON.
    public func send(_ event: String, value: String? = nil) async throws {
        begin()
        try await push { "[\($0),0,\(JSON.quoted(event))\(value.map { ",\($0)" } ?? "")]" }
    }

    /// An event of the view's, whether the page has it or not.
    public func send(_ event: View.Event) async throws { try await send(try EventText.of(event)) }

    /// A message as it is, which may be wrong. It does not wait for an answer.
    public func send(message text: String) async throws {
        begin()
        try await receive(text)
    }

    /// Goes to another address of the same view, as a link with `data-patch` does, or the browser's buttons.
    public func navigate(to url: String) async throws {
        begin()
        try await go(to: url)
    }

    private func go(to url: String) async throws {
        let address = url.hasPrefix("?") ? String(address.prefix { $0 != "?" }) + url : url
        state.withLock { $0.url = address }
        try await push { "[\"nav\",\($0),\(JSON.quoted(address))]" }
    }
}
