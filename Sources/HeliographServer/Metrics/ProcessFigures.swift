import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// What the system says of this process, by the names of the metrics. On Linux; elsewhere there is nothing.
struct ProcessFigures {
    private(set) var values: [(name: String, value: Double)] = []

    /// Reads `/proc/self`; a few system calls, none of which waits for a disk.
    init(folder: String = "/proc/self") {
        if let stat = Self.text("\(folder)/stat") { readStat(stat) }
        if let descriptors = try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/fd") {
            // One of them is the folder itself.
            add("process_open_fds", Double(max(0, descriptors.count - 1)))
        }
        #if canImport(Glibc)
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 { add("process_max_fds", Double(limit.rlim_cur)) }
        #elseif canImport(Musl)
        var limit = rlimit()
        if getrlimit(RLIMIT_NOFILE, &limit) == 0 { add("process_max_fds", Double(limit.rlim_cur)) }
        #endif
    }

    private mutating func add(_ name: String, _ value: Double) { values.append((name, value)) }

    /// proc(5): the program's name, the second field, may have anything in it but its last parenthesis.
    private mutating func readStat(_ text: String) {
        guard let end = text.lastIndex(of: ")") else { return }
        // The first is field 3.
        let fields = text[end...].dropFirst().split(separator: " ")
        func field(_ number: Int) -> Double? { fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil }
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        if let user = field(14), let system = field(15) { add("process_cpu_seconds_total", (user + system) / ticks) }
        if let threads = field(20) { add("process_threads", threads) }
        if let bytes = field(23) { add("process_virtual_memory_bytes", bytes) }
        if let pages = field(24) { add("process_resident_memory_bytes", pages * Double(sysconf(Int32(_SC_PAGESIZE)))) }
        if let start = field(22), let boot = Self.bootTime { add("process_start_time_seconds", boot + start / ticks) }
    }

    /// When the system started, in seconds since 1970.
    private static let bootTime: Double? = {
        guard let text = text("/proc/stat"), let line = text.split(separator: "\n").first(where: { $0.hasPrefix("btime ") }) else {
            return nil
        }
        return Double(line.dropFirst(6))
    }()

    private static func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }
}
