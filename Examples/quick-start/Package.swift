// swift-tools-version: 6.2

// The programs of README.md and Docs/from-go.md, so that what they show is known to compile.

import PackageDescription

let dependencies: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "WebSocketHummingbird", package: "heliograph"),
    .product(name: "WebSocketNIO", package: "heliograph"),
]

let package = Package(
    name: "quick-start",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "heliograph", path: "../.."),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
    ],
    targets: [
        .executableTarget(name: "Echo", dependencies: dependencies),
        .executableTarget(name: "Chat", dependencies: dependencies),
        .executableTarget(
            name: "Channels",
            dependencies: dependencies + [
                .product(name: "RealtimeHub", package: "heliograph"), .product(name: "RealtimeHummingbird", package: "heliograph"),
            ]
        ),
        .executableTarget(
            name: "Counter",
            dependencies: dependencies + [
                .product(name: "LiveHTML", package: "heliograph"), .product(name: "LiveViews", package: "heliograph"),
                .product(name: "RealtimeHummingbird", package: "heliograph"),
            ]
        ),
        .executableTarget(
            name: "ChannelsClient",
            dependencies: [
                .product(name: "RealtimeClient", package: "heliograph"), .product(name: "RealtimeProtocol", package: "heliograph"),
            ]
        ),
        .target(
            name: "FromGo",
            dependencies: dependencies + [
                .product(name: "WebSocketClient", package: "heliograph"), .product(name: "WebSocketProtocol", package: "heliograph"),
            ]
        ),
        .testTarget(
            name: "FromGoTests",
            dependencies: ["FromGo", .product(name: "HummingbirdTesting", package: "hummingbird")]
        ),
    ],
    swiftLanguageModes: [.v6]
)
