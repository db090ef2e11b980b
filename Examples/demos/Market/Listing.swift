/// A company at the exchange. All are invented.
struct Listing: Hashable, Sendable {
    let symbol: String
    let name: String
    /// Its place in ``sectors``.
    let sector: Int
    /// What the day began with, in cents.
    let open: Int
    /// How much it moves, as a fraction of the price, in the root of a tick.
    let volatility: Double
    /// How often it is traded: the chance in each tick.
    let activity: Double

    static let sectors = sectorWords.map(\.name)

    private static let sectorWords: [(name: String, words: [String])] = [
        ("Energy", ["Solar", "Power", "Grid", "Hydro", "Fuels"]),
        ("Materials", ["Metals", "Glass", "Timber", "Minerals", "Polymers"]),
        ("Industry", ["Works", "Motors", "Tools", "Robotics", "Foundry"]),
        ("Transport", ["Rail", "Freight", "Airways", "Shipping", "Transit"]),
        ("Consumer", ["Goods", "Stores", "Apparel", "Home", "Outdoor"]),
        ("Food", ["Farms", "Bakeries", "Coffee", "Kitchens", "Orchards"]),
        ("Health", ["Health", "Pharma", "Devices", "Clinics", "Genetics"]),
        ("Finance", ["Bank", "Capital", "Credit", "Insurance", "Payments"]),
        ("Technology", ["Systems", "Software", "Chips", "Data", "Networks"]),
        ("Media", ["Media", "Games", "Studios", "Press", "Music"]),
        ("Telecom", ["Telecom", "Fiber", "Mobile", "Satellite", "Signals"]),
        ("Real estate", ["Estates", "Offices", "Storage", "Living", "Parks"]),
    ]

    private static let firstWords = [
        "Alder", "Amber", "Anchor", "Arden", "Argent", "Aspen", "Atlas", "Aurora", "Basalt", "Beacon", "Birch", "Borealis", "Bramble",
        "Calder", "Canyon", "Cedar", "Cinder", "Cobalt", "Comet", "Coral", "Crescent", "Cypress", "Delta", "Dover", "Drift", "Ember",
        "Equinox",
        "Fable", "Falcon", "Fennel", "Fjord", "Flint", "Gable", "Garnet", "Glacier", "Granite", "Grove", "Halcyon", "Harbor", "Hazel",
        "Heron",
        "Horizon", "Indigo", "Iris", "Jasper", "Juniper", "Keystone", "Kestrel", "Lantern", "Larch", "Lumen", "Lynx", "Magnolia", "Maple",
        "Meridian", "Mistral", "Monarch", "Nimbus", "North", "Nova", "Oak", "Obsidian", "Onyx", "Opal", "Orchid", "Osprey", "Pebble",
        "Pioneer",
        "Polaris", "Quarry", "Quill", "Raven", "Ridge", "Rowan", "Saffron", "Sable", "Sequoia", "Sierra", "Slate", "Solstice", "Sparrow",
        "Summit", "Tamarack", "Tempest", "Thistle", "Tidal", "Topaz", "Umber", "Vega", "Verdant", "Vertex", "Vista", "Willow", "Wren",
        "Zephyr",
    ]

    /// So many companies, the same for the same seed, with symbols that differ.
    static func all(count: Int = 300, seed: UInt64) -> [Listing] {
        var random = SeededGenerator(seed: seed)
        var taken: Set<String> = []
        return (0..<count).map { index in
            let sector = index % sectorWords.count
            let words = sectorWords[sector].words
            let first = firstWords[(index * 7 + index / firstWords.count * 3) % firstWords.count]
            let second = words[(index / sectorWords.count + index / firstWords.count) % words.count]
            let symbol = symbol(first, second, taken)
            taken.insert(symbol)
            // Few are dear, many are cheap.
            let scale = random.fraction()
            let open = 400 + Int(scale * scale * scale * 70_000) + Int(random.fraction() * 6_000)
            return Listing(
                symbol: symbol, name: "\(first) \(second)", sector: sector, open: open, volatility: 0.000_4 + 0.000_8 * random.fraction(),
                activity: 0.02 + 0.1 * random.fraction() * random.fraction())
        }
    }

    /// Of the letters of the name: the first way to take them that nobody else has.
    private static func symbol(_ first: String, _ second: String, _ taken: Set<String>) -> String {
        let (first, second) = (Array(first.uppercased()), Array(second.uppercased()))
        for (head, tail) in [(3, 1), (2, 2), (2, 1), (4, 1), (3, 2), (2, 3), (1, 3)] {
            let symbol = String(first.prefix(head) + second.prefix(tail))
            if symbol.count > 2, !taken.contains(symbol) { return symbol }
        }
        var extra = 0
        while taken.contains(String(first.prefix(3)) + letters(extra)) { extra += 1 }
        return String(first.prefix(3)) + letters(extra)
    }

    private static func letters(_ number: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        return String(alphabet[number / 26 % 26]) + String(alphabet[number % 26])
    }
}
