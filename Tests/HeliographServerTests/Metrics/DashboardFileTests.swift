// deploy/grafana.json: nobody sees that a panel is empty until it is needed.

import Foundation
import ServerTestSupport
import Testing

@testable import HeliographServer

@Suite("The Grafana dashboard")
struct DashboardFileTests {
    private struct Dashboard: Decodable {
        struct Panel: Decodable {
            struct Target: Decodable { let expr: String }
            struct Place: Decodable {
                let x: Int
                let y: Int
                let w: Int
                let h: Int
            }
            let id: Int
            let type: String
            let title: String
            let gridPos: Place
            let targets: [Target]?
        }
        let panels: [Panel]
    }

    private func dashboard() throws -> Dashboard {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../../deploy/grafana.json")
        return try JSONDecoder().decode(Dashboard.self, from: Data(contentsOf: file))
    }

    /// The names of metrics in an expression: words before a brace, or before a bracket.
    private func names(_ expression: String) -> [String] {
        expression.matches(of: /([a-z_]+)\{/).map { String($0.1) }
    }

    @Test("every metric that it asks for is one of ours, with the labels that it sorts by")
    func names() throws {
        var known: [String: [String]] = [:]
        for metric in MetricDescription.table {
            let parts = metric.kind == .histogram ? ["_bucket", "_sum", "_count"] : [""]
            for part in parts { known[metric.name + part] = metric.labels + (part == "_bucket" ? ["le"] : []) }
        }
        var asked: Set<String> = []
        for panel in try dashboard().panels {
            for target in panel.targets ?? [] {
                let found = names(target.expr)
                #expect(!found.isEmpty, "\(panel.title): \(target.expr)")
                for name in found {
                    #expect(known[name] != nil, "\(panel.title) asks for \(name), which there is not")
                    asked.insert(name)
                }
                let by = target.expr.matches(of: /by \(([a-z, ]+)\)/).flatMap { $0.1.split(separator: ", ") }.filter { $0 != "instance" }
                for label in by { #expect(found.contains { known[$0]?.contains(String(label)) == true }, "\(panel.title): \(label)") }
            }
        }
        #expect(asked.count > 30)
    }

    @Test("panels have ids of their own, and do not overlap")
    func places() throws {
        let panels = try dashboard().panels
        #expect(Set(panels.map(\.id)).count == panels.count)
        for (index, one) in panels.enumerated() {
            #expect(one.gridPos.x + one.gridPos.w <= 24)
            for other in panels[(index + 1)...] {
                let apart =
                    one.gridPos.x + one.gridPos.w <= other.gridPos.x || other.gridPos.x + other.gridPos.w <= one.gridPos.x
                    || one.gridPos.y + one.gridPos.h <= other.gridPos.y || other.gridPos.y + other.gridPos.h <= one.gridPos.y
                #expect(apart, "\(one.title) and \(other.title)")
            }
        }
    }
}
