public import LiveHTML
public import LiveViews

/// Three views on one page. What happens in one renders that one alone.
public struct AllAtOnce: LiveView, Codable {
    var clock = Clock()
    var todo = TodoList()
    var slider = Slider()

    public static let children = [LiveChild(\AllAtOnce.clock), LiveChild(\AllAtOnce.todo), LiveChild(\AllAtOnce.slider)]

    /// The clock has nothing to be sealed.
    private enum CodingKeys: CodingKey { case todo, slider }

    public init() {}

    public var body: HTML {
        """
        <section class="card block"><h2>Clock</h2><div>\(child: \AllAtOnce.clock)</div></section>
        <section class="card block"><h2>Todo</h2><div>\(child: \AllAtOnce.todo)</div></section>
        <section class="card block"><h2>Slider</h2><div>\(child: \AllAtOnce.slider)</div></section>
        """
    }
}
