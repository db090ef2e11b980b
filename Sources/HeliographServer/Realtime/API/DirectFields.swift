import FoundationEssentials
import NIOCore
import Synchronization

/// The fields of the answers that are given at once, made once a second.
final class DirectFields: Sendable {
    private let current = Mutex((second: Int64.min, fields: ByteBuffer()))

    var now: ByteBuffer {
        let second = Int64(Date().timeIntervalSince1970)
        return current.withLock { current in
            if current.second != second { current = (second, Self.fields(at: second)) }
            return current.fields
        }
    }

    private static func fields(at second: Int64) -> ByteBuffer {
        let fields = [
            "Content-Type: application/json", "Cache-Control: no-store", "Date: \(date(second))",
            "Server: \(HeliographApplication.serverName)",
        ]
        return ByteBuffer(string: fields.map { $0 + "\r\n" }.joined())
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    /// As the field Date has it (RFC 9110 §5.6.7).
    ///
    /// - Parameter second: since 1970.
    static func date(_ second: Int64) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents(
            [.weekday, .day, .month, .year, .hour, .minute, .second], from: Date(timeIntervalSince1970: Double(second)))
        // Calendar's weekdays and months begin with 1.
        guard let weekday = parts.weekday, let day = parts.day, let month = parts.month, let year = parts.year, let hour = parts.hour,
            let minute = parts.minute, let second = parts.second, weekdays.indices.contains(weekday - 1),
            months.indices.contains(month - 1)
        else { return "" }
        let clock = [hour, minute, second].map { digits($0, 2) }.joined(separator: ":")
        return "\(weekdays[weekday - 1]), \(digits(day, 2)) \(months[month - 1]) \(digits(year, 4)) \(clock) GMT"
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, count - digits.count)) + digits
    }
}
