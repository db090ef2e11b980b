import Foundation

/// The memory of another process on this machine.
enum ProcessMemory {
    /// The proportional set size in bytes; nil where it cannot be read (another user's process, or no Linux).
    static func proportional(of pid: Int32) -> Int? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/smaps_rollup") else { return nil }
        return self.parse(String(decoding: data, as: UTF8.self))
    }

    static func parse(_ text: String) -> Int? {
        for line in text.split(separator: "\n") where line.hasPrefix("Pss:") {
            return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1_024 }
        }
        return nil
    }

    static func difference(_ before: Int?, _ after: Int?, _ connections: Int) -> BenchResult.Memory? {
        guard let before, let after, connections > 0 else { return nil }
        return .init(before: before, after: after, perConnection: Double(after - before) / Double(connections))
    }
}

/// The machine that measured.
enum BenchHost {
    static var description: String {
        let info = ProcessInfo.processInfo
        return "\(info.activeProcessorCount) cores, \(info.physicalMemory >> 30) GiB, \(info.operatingSystemVersionString)"
    }
}
