public import LiveHTML
public import LiveViews

/// A number and two buttons.
public struct Counter: LiveView, Codable {
    var count = 0

    public enum Event: String, LiveEvent { case up, down }

    public init() {}

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .up: count &+= 1
        case .down: count &-= 1
        }
    }

    public var title: String? { "Counter: \(count)" }

    public var body: HTML {
        """
        <div class="counter"><button class="button" aria-label="One less" \(on: .click, Event.down)>−</button>
        <output>\(count)</output>
        <button class="button" aria-label="One more" \(on: .click, Event.up)>+</button></div>
        """
    }
}
