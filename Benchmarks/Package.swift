// swift-tools-version: 6.2

// What one operation of the engine costs. Two ways to run the same operations:
//   swift package benchmark               time and throughput, for people
//   dev/instructions.sh (from the root)   instructions under valgrind, compared with Thresholds.txt

import PackageDescription

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "heliograph", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        // Without traits: its interposers of malloc and of the Swift runtime are packages of their own.
        .package(url: "https://github.com/ordo-one/benchmark", from: "1.38.1", traits: []),
    ],
    targets: [
        .target(
            name: "Operations",
            dependencies: [
                .product(name: "WebSocketProtocol", package: "heliograph"),
                .product(name: "WebSocketDeflate", package: "heliograph"),
                .product(name: "PubSub", package: "heliograph"),
                .product(name: "RealtimeProtocol", package: "heliograph"),
                .product(name: "LiveHTML", package: "heliograph"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]
        ),
        .executableTarget(
            name: "Engine",
            dependencies: ["Operations", .product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/Engine",
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
        .executableTarget(name: "instructions", dependencies: ["Operations"]),
    ],
    swiftLanguageModes: [.v6]
)
