import NIOCore
import RealtimeProtocol

/// The clients, the publisher and the one who cuts. `@unchecked Sendable`: all on one event loop.
final class Soak: @unchecked Sendable {
    private let options: Options
    private let loop: any EventLoop
    private var clients: [SoakClient] = []
    private var publisher: SoakClient?
    private var published = 0
    private var cuts = 0
    private var began = NIODeadline.now()

    init(_ options: Options, on loop: any EventLoop) {
        self.options = options
        self.loop = loop
        for index in 0..<options.clients { clients.append(SoakClient(options, on: loop, fault: index == 0 ? options.fault : nil)) }
        publisher = SoakClient(options, on: loop, fault: nil, subscribes: false)
    }

    /// Below this a fault need not show: a machine that stalls gets more time.
    private static let fewest = 500

    /// Done when the time is over and all have caught up, or have had a minute to.
    func run() -> EventLoopFuture<Void> {
        began = .now()
        let done = loop.makePromise(of: Void.self)
        publisher?.connect()
        for client in clients { client.connect() }
        let end = NIODeadline.now() + .seconds(Int64(options.seconds))
        loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .milliseconds(10)) { task in
            let isShort = self.published < Self.fewest && NIODeadline.now() < end + .seconds(60)
            if NIODeadline.now() < end || isShort {
                self.publish()
            } else if self.isOver(end) {
                task.cancel()
                done.succeed()
            }
        }
        // Each client's connection lives two seconds on average.
        loop.scheduleRepeatedTask(initialDelay: .seconds(1), delay: .milliseconds(10)) { task in
            guard NIODeadline.now() < end else { return task.cancel() }
            for client in self.clients where Int.random(in: 0..<200) == 0 {
                self.cuts += 1
                client.cut()
            }
        }
        loop.scheduleRepeatedTask(initialDelay: .seconds(5), delay: .seconds(5)) { task in
            print("    \((NIODeadline.now() - self.began).nanoseconds / 1_000_000_000) s: \(self.state)")
            if NIODeadline.now() > end { task.cancel() }
        }
        return done.futureResult
    }

    private func publish() {
        guard let publisher, publisher.isConnected else { return }
        for _ in 0..<max(1, options.rate / 100) {
            published += 1
            publisher.publish(published)
        }
    }

    private func isOver(_ end: NIODeadline) -> Bool {
        clients.allSatisfy { $0.checker.last == published } || NIODeadline.now() > end + .seconds(60)
    }

    private var state: String {
        let received = clients.reduce(0) { $0 + $1.checker.received }
        let recovered = clients.reduce(0) { $0 + $1.checker.recoveries }
        let told = clients.reduce(0) { $0 + $1.checker.notRecovered }
        return
            "\(published) published, \(received) received, \(cuts) connections cut, \(recovered) recoveries, \(told) not recovered and told so"
    }

    func summary() -> String {
        var lines = ["    in the end: \(state)"]
        var failed = 0
        for (index, client) in clients.enumerated() {
            var faults = client.checker.faults
            if client.checker.last != published { faults.append("ended at \(client.checker.last), not at \(published)") }
            guard let first = faults.first else { continue }
            failed += 1
            if failed <= 10 { lines.append("    client \(index): \(faults.count) faults, the first: \(first)") }
        }
        return (lines + ["\(clients.count - failed) passed, \(failed) failed"]).joined(separator: "\n")
    }
}

/// Judges what one client gets.
struct SoakChecker {
    private(set) var position: (offset: UInt64, epoch: String)?
    /// The number in the last publication: what was published is numbered from 1.
    private(set) var last = 0
    private(set) var received = 0
    private(set) var recoveries = 0
    private(set) var notRecovered = 0
    private(set) var faults: [String] = []

    mutating func subscribed(_ result: Wire.SubscribeResult) {
        if let position {
            if result.recovered {
                recoveries += 1
                if result.epoch != position.epoch { faults.append("recovered into epoch \(result.epoch) from \(position.epoch)") }
            } else {
                notRecovered += 1
                self.position = (result.offset, result.epoch)
                last = Int(result.offset)
            }
        } else {
            position = (result.offset, result.epoch)
            last = Int(result.offset)
        }
    }

    mutating func take(_ publication: Wire.Publication) {
        received += 1
        guard let position else { return faults.append("a publication before the answer") }
        let number = Int(String(buffer: publication.data).filter(\.isNumber)) ?? -1
        if publication.offset != position.offset &+ 1 { faults.append("offset \(publication.offset) after \(position.offset)") }
        if number != last + 1 { faults.append("number \(number) after \(last)") }
        self.position?.offset = publication.offset
        last = number
    }
}
