import Foundation

/// What the system says of memory: of this process, and of what it may have. Linux; elsewhere nothing is known.
struct SystemMemory: Sendable {
    /// Where the system's files are, for tests.
    private let root: String
    private let pageSize: Int
    /// The process' control group and those above it, as far as they have a limit.
    private let groups: [String]

    init(root: String = "", pageSize: Int = sysconf(Int32(_SC_PAGESIZE))) {
        self.root = root
        self.pageSize = pageSize
        groups = Self.limitedGroups(root)
    }

    /// The bytes of memory that are used: by the process, or, where there is a limit for several, by its control group without what is only kept of files.
    var used: Int? {
        guard let own = resident else { return nil }
        guard let folder = groups.first, let group = number("\(folder)/memory.current") else { return own }
        let files = text("\(folder)/memory.stat")?.split(separator: "\n").first { $0.hasPrefix("inactive_file ") }
        return max(own, group - (files?.split(separator: " ").last.flatMap { Int($0) } ?? 0))
    }

    /// The bytes that it may use: what its control groups (version 2) may, or else what the machine has.
    var limit: Int? {
        (groups.compactMap { number("\($0)/memory.max") } + [machine].compactMap(\.self)).min()
    }

    /// proc(5), /proc/pid/statm: sizes in pages.
    private var resident: Int? {
        guard let words = text("/proc/self/statm")?.split(separator: " "), words.count > 1, let pages = Int(words[1]) else { return nil }
        return pages.multipliedReportingOverflow(by: pageSize).partialValue
    }

    private var machine: Int? {
        let line = text("/proc/meminfo")?.split(separator: "\n").first { $0.hasPrefix("MemTotal:") }
        return line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }?.multipliedReportingOverflow(by: 1_024).partialValue
    }

    private static func limitedGroups(_ root: String) -> [String] {
        let line = text(root + "/proc/self/cgroup")?.split(separator: "\n").first { $0.hasPrefix("0::") }
        guard let path = line?.dropFirst(3), !path.contains("..") else { return [] }
        var components = path.split(separator: "/").map(String.init)
        var folders: [String] = []
        while true {
            let folder = (["/sys/fs/cgroup"] + components).joined(separator: "/")
            if number(root + "\(folder)/memory.max") != nil { folders.append(folder) }
            if components.popLast() == nil { return folders }
        }
    }

    /// Nil: there is none, or "max".
    private static func number(_ path: String) -> Int? {
        text(path).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    private static func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    private func number(_ path: String) -> Int? { Self.number(root + path) }
    private func text(_ path: String) -> String? { Self.text(root + path) }
}
