import LiveHTML
import LiveViews

/// Two buttons and a number.
struct Counter: LiveView, Codable {
    var count = 0

    enum Event: LiveEvent { case up, down, add(Int) }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .up: count += 1
        case .down: count -= 1
        case .add(let number): count += number
        }
    }

    var body: HTML {
        """
        <h1>\(count)</h1>
        <button id="up" \(on: .click, Event.up)>+</button> <button id="down" \(on: .click, Event.down)>−</button>
        """
    }
}

/// All that a page can have, and a word of what has happened.
struct Everything: LiveView, Codable {
    var log: [String] = []
    var draft = ""
    var isLocked = false
    var isTicked = false

    enum Event: LiveEvent {
        case clicked(String)
        case draft(String)
        case ticked(Bool)
        case chose(String)
        case saved(FormFields)
        case changed(FormFields)
        case key(KeyPress)
        case anyKey(KeyPress)
        case focused
        case away
        case lock
        case typed(Person)
    }

    struct Person: LiveInput, Hashable {
        var name = ""
        var age: Int?
        var isMember = false
        var tags: [String] = []
    }

    mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .clicked(let what): log.append("clicked \(what)")
        case .draft(let text): draft = text
        case .ticked(let flag): isTicked = flag
        case .chose(let text): log.append("chose \(text)")
        case .saved(let fields):
            log.append("saved " + fields.names.map { "\($0)=\(fields.all($0).joined(separator: ","))" }.joined(separator: " "))
        case .changed(let fields):
            let untouched = fields.names.filter { fields.isUntouched($0) }
            log.append("changed \(fields.changed ?? "") to \(fields[fields.changed ?? ""] ?? "nothing"), untouched \(untouched)")
        case .key(let key): log.append("key \(key.key)\(key.ctrl ? " with ctrl" : "")")
        case .anyKey(let key): log.append("anywhere \(key.key)")
        case .focused: log.append("focused")
        case .away: log.append("away")
        case .lock: isLocked = true
        case .typed(let person): log.append("\(person)")
        }
    }

    var body: HTML {
        """
        <ul id="log">\(log.map { "<li class=\"entry\">\($0)</li>" })</ul>
        <div class="card big" \(on: .click, Event.clicked("card"))><b id="inside">text &amp; more</b></div>
        <button id="locked" disabled=\(isLocked) \(on: .click, Event.clicked("locked"))>Click</button>
        <button id="lock" \(on: .click, Event.lock)>Lock</button>
        <input id="draft" name="draft" \(bind: draft, Event.draft)><i id="echo">\(draft)</i>
        <input id="tick" type="checkbox" name="tick" \(bind: isTicked, Event.ticked)>
        <select id="pick" name="pick" \(on: .change, Event.chose)><option value="a">A</option><option value="b">B</option></select>
        <form id="form" \(on: .submit, Event.saved) \(on: .change, Event.changed)>
        <input name="title" value="none"><input name="mail"><textarea name="note">N</textarea>
        <input type="radio" name="size" value="s" checked><input type="radio" name="size" value="l">
        <input type="checkbox" name="extra" value="x"><input type="checkbox" name="extra" value="y">
        <input type="hidden" name="token" value="t"><input name="off" value="1" disabled>
        <button id="save" name="how" value="saved">Save</button>
        </form>
        <input id="keys" name="keys" \(on: .keydown, Event.key) data-key="Enter Escape">
        <p id="window" \(on: .windowKeyup, Event.anyKey) data-key="F1">F1</p>
        <input id="focus" name="focus" \(on: .focus, Event.focused)>
        <p id="plain">nothing</p>
        """
    }
}
