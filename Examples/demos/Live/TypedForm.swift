public import LiveHTML
public import LiveViews

/// A form that says what is wrong while it is filled in, and is checked again when it is sent.
public struct TypedForm: LiveView, Codable {
    public struct Entry: LiveInput {
        var name = ""
        var email = ""
        var age = ""
        var agrees = false
        public init() {}
    }

    var entry = Entry()
    var untouched: Set<String> = ["name", "email", "age", "agrees"]
    var welcome: String?

    public enum Event: LiveEvent {
        case changed(FormFields)
        case save(Entry)
    }

    public init() {}

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .changed(let fields):
            entry.name = fields["name"] ?? ""
            entry.email = fields["email"] ?? ""
            entry.age = fields["age"] ?? ""
            entry.agrees = fields["agrees"] != nil
            untouched = Set(fields.all("_unused"))
            welcome = nil
        case .save(let entry):
            self.entry = entry
            untouched = []
            guard problems.isEmpty else { return effects.focus("[aria-invalid=true]") }
            self = TypedForm(welcome: "Welcome, \(entry.name)!")
            effects.reset(form: "signup")
        }
    }

    private init(welcome: String) {
        self.welcome = welcome
    }

    private var problems: [String: String] {
        var problems: [String: String] = [:]
        if entry.name.allSatisfy(\.isWhitespace) { problems["name"] = "Who are you?" }
        if entry.name.count > 40 { problems["name"] = "At most 40 characters." }
        if entry.email.split(separator: "@", omittingEmptySubsequences: false).map({ $0.isEmpty }) != [false, false] {
            problems["email"] = "An address has one @, and something on both sides of it."
        }
        if Int(entry.age).map({ !(18...130).contains($0) }) ?? true { problems["age"] = "A number from 18 on." }
        if !entry.agrees { problems["agrees"] = "Please agree." }
        return problems
    }

    public var body: HTML {
        """
        <form id="signup" class="fields" novalidate \(on: .input, Event.changed) \(on: .submit, Event.save)>
        \(field("name", "Name", "text", entry.name))
        \(field("email", "Email", "email", entry.email))
        \(field("age", "Age", "number", entry.age))
        <div class="field"><label><input type="checkbox" name="agrees" aria-invalid="\(complaint("agrees") == nil ? "false" : "true")" checked=\(entry.agrees)> I agree to be greeted</label>
        <p class="problem" role="alert">\(complaint("agrees") ?? "")</p></div>
        <button class="button primary" data-disable-with="Signing up…">Sign up</button>
        </form>
        <p class="welcome" role="status">\(welcome ?? "")</p>
        """
    }

    private func complaint(_ name: String) -> String? { untouched.contains(name) ? nil : problems[name] }

    private func field(_ name: String, _ label: String, _ type: String, _ value: String) -> HTML {
        let complaint = complaint(name)
        return """
            <div class="field"><label for="signup-\(name)">\(label)</label>
            <input id="signup-\(name)" name="\(name)" type="\(type)" value="\(value)" autocomplete="off" aria-invalid="\(complaint == nil ? "false" : "true")" aria-describedby="signup-\(name)-problem">
            <p class="problem" id="signup-\(name)-problem" role="alert">\(complaint ?? "")</p></div>
            """
    }
}
