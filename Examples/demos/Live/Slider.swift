public import LiveHTML
public import LiveViews

/// Two boxes whose size follows a slider: each move is an event, and what comes back are two numbers.
public struct Slider: LiveView, Codable {
    var size = 120

    public enum Event: LiveEvent { case size(Int) }

    public init() {}

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .size(let size): self.size = min(max(size, 0), 240)
        }
    }

    public var body: HTML {
        """
        <label for="size">Size</label>
        <input id="size" name="size" type="range" min="0" max="240" \(bind: size, Event.size)>
        <div class="boxes"><div class="box" style="width: \(size)px">\(size)</div><div class="box other" style="width: \(240 - size)px">\(240 - size)</div></div>
        """
    }
}
