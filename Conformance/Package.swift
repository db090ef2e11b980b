// swift-tools-version: 6.2

// Programs that other people's software talks to: Autobahn, the peers in peers/, the comparison in differential/.

import PackageDescription

let package = Package(
    name: "conformance",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "heliograph", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    ],
    targets: [
        // Reads cases from stdin, says what our machine makes of them.
        .executableTarget(
            name: "decoder",
            dependencies: [.product(name: "WebSocketProtocol", package: "heliograph"), .product(name: "NIOCore", package: "swift-nio")]
        ),
        // The client that Autobahn's fuzzing server tests.
        .executableTarget(
            name: "autobahn-client",
            dependencies: [
                .product(name: "WebSocketClient", package: "heliograph"),
                .product(name: "WebSocketNIO", package: "heliograph"),
                .product(name: "WebSocketDeflate", package: "heliograph"),
                .product(name: "WebSocketProtocol", package: "heliograph"),
                .product(name: "NIOCore", package: "swift-nio"),
            ]
        ),
        // Our client against an echo server of somebody else's.
        .executableTarget(
            name: "interop-client",
            dependencies: [
                .product(name: "WebSocketClient", package: "heliograph"),
                .product(name: "WebSocketNIO", package: "heliograph"),
                .product(name: "WebSocketDeflate", package: "heliograph"),
                .product(name: "WebSocketProtocol", package: "heliograph"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        // Clients whose connections are cut at random: is anything lost?
        .executableTarget(
            name: "recovery-soak",
            dependencies: [
                .product(name: "RealtimeProtocol", package: "heliograph"),
                .product(name: "WebSocketNIO", package: "heliograph"),
                .product(name: "WebSocketProtocol", package: "heliograph"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
