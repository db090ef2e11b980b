public import LiveHTML
public import LiveViews

/// A list, and a choice of what is shown of it.
public struct FilteredList: LiveView, Codable {
    private static let bodies: [(name: String, kind: String)] = [
        ("Mercury", "planet"), ("Venus", "planet"), ("Earth", "planet"), ("Moon", "moon"), ("Mars", "planet"), ("Phobos", "moon"),
        ("Deimos", "moon"),
        ("Ceres", "dwarf planet"), ("Jupiter", "planet"), ("Io", "moon"), ("Europa", "moon"), ("Saturn", "planet"), ("Titan", "moon"),
        ("Uranus", "planet"), ("Neptune", "planet"), ("Triton", "moon"), ("Pluto", "dwarf planet"), ("Charon", "moon"),
        ("Eris", "dwarf planet"),
    ]
    private static let kinds = ["all", "planet", "dwarf planet", "moon"]

    var kind = "all"

    public enum Event: LiveEvent { case kind(String) }

    public init() {}

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .kind(let kind): if Self.kinds.contains(kind) { self.kind = kind }
        }
    }

    public var body: HTML {
        """
        <label for="kind">Show</label>
        <select id="kind" name="kind" \(on: .change, Event.kind)>\(each: Self.kinds, key: { $0 }, { [kind] in "<option selected=\($0 == kind)>\($0)</option>" })</select>
        <ul class="names">\(each: Self.bodies.filter { kind == "all" || $0.kind == kind }, key: { $0.name }, { "<li>\($0.name) <small>\($0.kind)</small></li>" })</ul>
        """
    }
}
