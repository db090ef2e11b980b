/// What a browser knows of the controls of a form.
extension PageTree {
    func isControl(_ index: Int) -> Bool { ["input", "textarea", "select"].contains(elements[index].name) }

    func type(of index: Int) -> String {
        let element = elements[index]
        return switch element.name {
        case "input": element.attributes["type"]?.lowercased() ?? "text"
        case "button": element.attributes["type"]?.lowercased() ?? "submit"
        default: element.name
        }
    }

    func isBox(_ index: Int) -> Bool { elements[index].name == "input" && ["checkbox", "radio"].contains(type(of: index)) }
    func isSubmitButton(_ index: Int) -> Bool {
        ["input", "button"].contains(elements[index].name) && ["submit", "image"].contains(type(of: index))
    }

    func isDisabled(_ index: Int) -> Bool {
        guard ["input", "textarea", "select", "button", "option"].contains(elements[index].name) else { return false }
        return closest(index) { $0.attributes["disabled"] != nil && ($0.name == "fieldset" || $0.name == elements[index].name) } != nil
    }

    /// The form that a control belongs to.
    func form(of index: Int) -> Int? {
        if let id = elements[index].attributes["form"] {
            return elements.firstIndex { $0.name == "form" && $0.attributes["id"] == id }
        }
        return closest(index) { $0.name == "form" }
    }

    func controls(of form: Int) -> [Int] {
        elements.indices.filter { (isControl($0) || elements[$0].name == "button") && self.form(of: $0) == form }
    }

    /// What a control is called when the page is another one: its id, or its form's id and its name.
    func key(_ index: Int) -> String {
        let attributes = elements[index].attributes
        if let id = attributes["id"] { return "#\(id)" }
        let form = form(of: index).map { elements[$0].attributes["id"] ?? "\($0)" } ?? ""
        guard let name = attributes["name"] else { return "\(form) \(index)" }
        return isBox(index) ? "\(form) \(name) \(attributes["value"] ?? "")" : "\(form) \(name)"
    }

    func options(of select: Int) -> [(value: String, isSelected: Bool)] {
        inside(select).filter { elements[$0].name == "option" }.map { option in
            let attributes = elements[option].attributes
            return (attributes["value"] ?? text(of: option).shown, attributes["selected"] != nil)
        }
    }

    /// The values of a control that is no box.
    func values(of index: Int, _ edits: [String: ControlValue]) -> [String] {
        if case .text(let text) = edits[key(index)] { return [text] }
        switch elements[index].name {
        case "textarea": return [text(of: index)]
        case "select":
            let options = options(of: index), selected = options.filter(\.isSelected).map(\.value)
            if elements[index].attributes["multiple"] != nil { return selected }
            return selected.last.map { [$0] } ?? options.first.map { [$0.value] } ?? []
        default: return [elements[index].attributes["value"] ?? ""]
        }
    }

    func isChecked(_ index: Int, _ edits: [String: ControlValue]) -> Bool {
        if case .isChecked(let isChecked) = edits[key(index)] { return isChecked }
        return elements[index].attributes["checked"] != nil
    }

    /// The fields that a browser would send.
    ///
    /// - Parameter submitter: the button that was used.
    func fields(of form: Int, _ edits: [String: ControlValue], submitter: Int? = nil) -> [(name: String, values: [String])] {
        var fields: [(name: String, values: [String])] = []
        for control in controls(of: form) where !isDisabled(control) {
            guard let name = elements[control].attributes["name"], !name.isEmpty, name != "_event" else { continue }
            let values: [String]
            if isSubmitButton(control) || elements[control].name == "button" || ["button", "reset", "file"].contains(type(of: control)) {
                guard control == submitter else { continue }
                values = [elements[control].attributes["value"] ?? ""]
            } else if isBox(control) {
                values = isChecked(control, edits) ? [elements[control].attributes["value"] ?? "on"] : []
            } else {
                values = self.values(of: control, edits)
            }
            guard !values.isEmpty else { continue }
            if let index = fields.firstIndex(where: { $0.name == name }) {
                fields[index].values += values
            } else {
                fields.append((name, values))
            }
        }
        return fields
    }

    /// What an event of a control has with it, in JSON.
    func value(of index: Int, _ edits: [String: ControlValue]) -> String? {
        guard isControl(index) else { return nil }
        if isBox(index) { return isChecked(index, edits) ? "true" : "false" }
        let values = values(of: index, edits)
        guard elements[index].attributes["multiple"] == nil else { return "[\(values.map(JSON.quoted).joined(separator: ","))]" }
        return JSON.quoted(values.first ?? "")
    }
}
