import Foundation

/// Figures for people.
enum BenchFormat {
    /// Three significant digits and a unit: `87.3 µs`, `1.20 ms`, `12.0 s`.
    static func time(_ nanoseconds: Double) -> String {
        switch nanoseconds {
        case ..<1e3: "\(Int(nanoseconds)) ns"
        case ..<999_500: self.digits(nanoseconds / 1e3) + " µs"
        case ..<999_500_000: self.digits(nanoseconds / 1e6) + " ms"
        default: self.digits(nanoseconds / 1e9) + " s"
        }
    }

    static func time(_ nanoseconds: UInt64) -> String { self.time(Double(nanoseconds)) }

    /// The same without needless digits, for round numbers: `300 µs`, `1 ms`.
    static func tick(time nanoseconds: Double) -> String { nanoseconds == 0 ? "0" : self.shortened(self.time(nanoseconds)) }

    /// `0`, `5 k`, `2.5 M`.
    static func tick(count number: Double) -> String {
        number < 1e4 && number >= 1e3 ? self.shortened(self.digits(number / 1e3) + " k") : self.shortened(self.count(number))
    }

    private static func shortened(_ text: String) -> String {
        let parts = text.split(separator: " ", maxSplits: 1)
        guard let first = parts.first, first.contains(".") else { return text }
        var number = String(first)
        while number.hasSuffix("0") { number.removeLast() }
        if number.hasSuffix(".") { number.removeLast() }
        return ([number] + parts.dropFirst().map(String.init)).joined(separator: " ")
    }

    /// `950`, `12.3 k`, `1.25 M`.
    static func count(_ number: Double) -> String {
        switch number {
        case ..<1e4: String(format: "%.0f", number)
        case ..<999_500: self.digits(number / 1e3) + " k"
        case ..<999_500_000: self.digits(number / 1e6) + " M"
        default: self.digits(number / 1e9) + " G"
        }
    }

    /// `512 B`, `1.50 kB`, `2.30 GB`: powers of 1000.
    static func bytes(_ number: Double) -> String {
        switch number {
        case ..<1e3: String(format: "%.0f B", number)
        case ..<999_500: self.digits(number / 1e3) + " kB"
        case ..<999_500_000: self.digits(number / 1e6) + " MB"
        default: self.digits(number / 1e9) + " GB"
        }
    }

    /// `1,234,567`.
    static func grouped(_ number: some BinaryInteger) -> String {
        let digits = String(number.magnitude)
        var result = number < 0 ? "-" : ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return result
    }

    /// `5 s`, `0.5 s`.
    static func seconds(_ seconds: Double) -> String {
        (seconds == seconds.rounded() ? String(format: "%.0f", seconds) : String(format: "%.1f", seconds)) + " s"
    }

    private static func digits(_ number: Double) -> String {
        number < 9.995 ? String(format: "%.2f", number) : number < 99.95 ? String(format: "%.1f", number) : String(format: "%.0f", number)
    }
}
