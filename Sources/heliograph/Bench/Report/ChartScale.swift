import Foundation

/// Where a value is on an axis, and which values are named there.
struct ChartScale {
    enum Kind: Equatable { case linear, logarithmic }

    let kind: Kind
    let domain: ClosedRange<Double>
    /// From where to where on the page; may run backwards.
    let range: (from: Double, to: Double)

    /// A scale for values from nothing up to `most`, with a round number at its end.
    static func linear(upTo most: Double, range: (Double, Double)) -> ChartScale {
        let step = self.niceStep(most / 5)
        let end = max((most / step).rounded(.up) * step, step)
        return ChartScale(kind: .linear, domain: 0...end, range: range)
    }

    /// Logarithmic when the values are orders of magnitude apart, else linear from 0.
    static func fitting(_ values: [Double], range: (Double, Double)) -> ChartScale {
        let positive = values.filter { $0 > 0 && $0.isFinite }
        guard let least = positive.min(), let most = positive.max(), most / least >= 20 else {
            return self.linear(upTo: positive.max() ?? 1, range: range)
        }
        return ChartScale(kind: .logarithmic, domain: self.roundDown(least)...self.roundUp(most), range: range)
    }

    func position(_ value: Double) -> Double {
        let part: Double
        switch self.kind {
        case .linear: part = (value - self.domain.lowerBound) / (self.domain.upperBound - self.domain.lowerBound)
        case .logarithmic:
            let low = log10(self.domain.lowerBound)
            part = (log10(max(value, self.domain.lowerBound)) - low) / (log10(self.domain.upperBound) - low)
        }
        return self.range.from + min(max(part, 0), 1) * (self.range.to - self.range.from)
    }

    /// The values that get a line and a name: about five, all round.
    var ticks: [Double] {
        switch self.kind {
        case .linear:
            let step = Self.niceStep((self.domain.upperBound - self.domain.lowerBound) / 5)
            return stride(from: self.domain.lowerBound, through: self.domain.upperBound * 1.000_1, by: step).map { $0 }
        case .logarithmic:
            let decades = log10(self.domain.upperBound / self.domain.lowerBound)
            let factors: [Double] = decades < 2.5 ? [1, 2, 5] : decades < 4 ? [1, 3] : [1]
            let first = Int(log10(self.domain.lowerBound).rounded(.down))
            let last = Int(log10(self.domain.upperBound).rounded(.up))
            return (first...last).flatMap { exponent in factors.map { $0 * pow(10, Double(exponent)) } }
                .filter { $0 >= self.domain.lowerBound * 0.999 && $0 <= self.domain.upperBound * 1.001 }
        }
    }

    /// 1, 2 or 5 times a power of ten, at least `raw`.
    static func niceStep(_ raw: Double) -> Double {
        guard raw > 0, raw.isFinite else { return 1 }
        let power = pow(10, log10(raw).rounded(.down))
        let factor = [1.0, 2, 5, 10].first { $0 * power >= raw * 0.999_999 } ?? 10
        return factor * power
    }

    private static func roundDown(_ value: Double) -> Double {
        let power = pow(10, log10(value).rounded(.down))
        return ([5.0, 2, 1].first { $0 * power <= value } ?? 1) * power
    }

    private static func roundUp(_ value: Double) -> Double {
        let power = pow(10, log10(value).rounded(.down))
        return ([1.0, 2, 5, 10].first { $0 * power >= value } ?? 10) * power
    }
}
