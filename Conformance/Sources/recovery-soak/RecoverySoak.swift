// Clients whose connections are cut at random while somebody publishes: does every one get every publication exactly once and in order, or is
// told that it was not recovered?
//
//   recovery-soak PORT [--clients 200] [--rate 1000] [--seconds 120] [--channel recover:soak] [--protobuf] [--fault drop|swap|twice]
//
// --fault spoils what one client receives before it is checked: the run must fail then, which shows that the checker sees. The last line is
// "N passed, N failed", of clients.

import NIOCore
import NIOPosix

struct Options: Sendable {
    var port = 0
    var clients = 200
    var rate = 1_000
    var seconds = 120
    var channel = "recover:soak"
    var isProtobuf = false
    var fault: Fault?

    enum Fault: String {
        case drop
        case swap
        case twice
    }

    init?(_ arguments: [String]) {
        var words = arguments.dropFirst().makeIterator()
        func number() -> Int? { words.next().flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
        while let word = words.next() {
            switch word {
            case "--clients": clients = number() ?? 0
            case "--rate": rate = number() ?? 0
            case "--seconds": seconds = number() ?? 0
            case "--channel": channel = words.next() ?? ""
            case "--protobuf": isProtobuf = true
            case "--fault": fault = words.next().flatMap { Fault(rawValue: $0) }
            default: port = Int(word) ?? 0
            }
        }
        guard (1...65_535).contains(port), clients > 0, rate > 0, seconds > 0, !channel.isEmpty else { return nil }
    }
}

@main struct RecoverySoak {
    static func main() async throws {
        guard let options = Options(CommandLine.arguments) else {
            print(
                "usage: recovery-soak PORT [--clients N] [--rate N] [--seconds N] [--channel NAME] [--protobuf] [--fault drop|swap|twice]")
            return
        }
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let soak = try await loop.submit { Soak(options, on: loop) }.get()
        try await loop.flatSubmit { soak.run() }.get()
        let summary = try await loop.submit { soak.summary() }.get()
        print(summary)
    }
}
