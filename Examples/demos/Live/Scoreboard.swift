public import LiveHTML
public import LiveViews

/// A race that everybody sees, and in which everybody may cheer. There is one of it, rendered once for all who look (`SharedLiveView`).
public struct Scoreboard: LiveView {
    struct Runner {
        let name: String
        var meters = 0
        var cheers = 0
    }

    private static let length = 2_000
    private static let names = ["Ada", "Alan", "Barbara", "Edsger", "Frances", "Grace", "John", "Radia"]

    var runners = Self.names.map { Runner(name: $0) }
    var races = 0
    /// Until the next race, in tenths of a second.
    var pause = 0

    public enum Event: LiveEvent {
        case tick
        case cheer(String)
    }

    public init() {}

    public mutating func connected(_ effects: inout LiveEffects<Event>) {
        effects.every(.milliseconds(100), .tick)
    }

    public mutating func handle(_ event: Event, _ effects: inout LiveEffects<Event>) {
        switch event {
        case .tick: if pause > 0 { rest() } else { run() }
        case .cheer(let name):
            for index in runners.indices where runners[index].name == name && runners[index].cheers < 999 { runners[index].cheers += 1 }
        }
    }

    /// One runner a tick. A cheer is worth a meter.
    private mutating func run() {
        guard let index = runners.indices.randomElement() else { return }
        runners[index].meters = min(Self.length, runners[index].meters + .random(in: 5...25) + runners[index].cheers)
        runners[index].cheers = 0
        if runners[index].meters == Self.length {
            races = (races + 1) % 1_000_000
            pause = 50
        }
    }

    private mutating func rest() {
        pause -= 1
        if pause == 0 { runners = Self.names.map { Runner(name: $0) } }
    }

    public var body: HTML {
        """
        <p>\(status)</p>
        <ol class="runners">\(each: runners.sorted { $0.meters > $1.meters }, key: { $0.name }, Self.row)</ol>
        """
    }

    private var status: String {
        let leader = runners.max { $0.meters < $1.meters }?.name ?? ""
        return pause > 0 ? "\(leader) wins race \(races). The next one starts in \((pause + 9) / 10) s." : "\(leader) is ahead."
    }

    private static func row(_ runner: Runner) -> HTML {
        """
        <li><b>\(runner.name)</b> <progress max="\(length)" value="\(runner.meters)" aria-label="\(runner.name)"></progress> <span>\(runner.meters) m</span>
        <button class="button small" \(on: .click, Event.cheer(runner.name))>Cheer \(runner.cheers)</button></li>
        """
    }
}
