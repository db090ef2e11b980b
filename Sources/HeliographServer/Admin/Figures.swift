/// Numbers as people read them.
enum Figures {
    /// `7`, `0.4`, `12.3 k`, `4.5 M`.
    static func rate(_ value: Double) -> String {
        switch value {
        case ..<0.05: "0"
        case ..<10: trimmed(value)
        case ..<1_000: "\(Int(value.rounded()))"
        default: scaled(value, ["k", "M", "G"], 1_000)
        }
    }

    /// `512 B`, `1.5 KB`, `20 MB`.
    static func bytes(_ value: Double) -> String {
        value < 1_000 ? "\(Int(max(0, value).rounded())) B" : scaled(value, ["KB", "MB", "GB", "TB"], 1_000)
    }

    static func bytes(_ value: Int) -> String { bytes(Double(value)) }

    /// `12,345`.
    static func count(_ value: Int) -> String {
        let digits = Array(String(value.magnitude))
        var text = value < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return text
    }

    /// `1 user`, `12,345 users`.
    static func count(_ value: Int, _ noun: String) -> String { "\(count(value)) \(noun)\(value == 1 ? "" : "s")" }

    /// `12 s`, `4 min 10 s`, `2 h 5 min`, `3 d 4 h`.
    static func age(seconds: Int64) -> String {
        let seconds = max(0, seconds)
        switch seconds {
        case ..<60: return "\(seconds) s"
        case ..<3_600: return "\(seconds / 60) min" + (seconds % 60 == 0 ? "" : " \(seconds % 60) s")
        case ..<86_400: return "\(seconds / 3_600) h" + (seconds / 60 % 60 == 0 ? "" : " \(seconds / 60 % 60) min")
        default: return "\(seconds / 86_400) d" + (seconds / 3_600 % 24 == 0 ? "" : " \(seconds / 3_600 % 24) h")
        }
    }

    /// `34 %`.
    static func percent(_ share: Double) -> String { "\(Int((min(max(share, 0), 1) * 100).rounded())) %" }

    /// `0.2 ms`, `34 ms`.
    static func milliseconds(_ duration: Duration) -> String {
        let value = Double(duration.components.seconds) * 1_000 + Double(duration.components.attoseconds) / 1e15
        return (value < 10 ? trimmed(value) : "\(Int(min(value, 1e9).rounded()))") + " ms"
    }

    /// The time of day of UTC, `09:30:07.123`, of milliseconds since 1970.
    static func time(_ milliseconds: Int64) -> String {
        let day = (milliseconds % 86_400_000 + 86_400_000) % 86_400_000
        func digits(_ value: Int64, _ count: Int) -> String { String(String(value + 1_000).suffix(count)) }
        return "\(digits(day / 3_600_000, 2)):\(digits(day / 60_000 % 60, 2)):\(digits(day / 1_000 % 60, 2)).\(digits(day % 1_000, 3))"
    }

    private static func scaled(_ value: Double, _ units: [String], _ base: Double) -> String {
        var (value, unit) = (value / base, 0)
        // What would be rounded up to the next unit is of that one.
        while value >= base - 0.5, unit + 1 < units.count { (value, unit) = (value / base, unit + 1) }
        let number = value < 99.95 ? trimmed(value) : "\(Int(min(value, 1e15).rounded()))"
        return "\(number) \(units[unit])"
    }

    /// One decimal, but no `.0`.
    private static func trimmed(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
    }
}
