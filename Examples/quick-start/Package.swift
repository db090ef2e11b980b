// swift-tools-version: 6.2

// The two programs of README.md, so that what it shows is known to compile.

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
    ],
    swiftLanguageModes: [.v6]
)
