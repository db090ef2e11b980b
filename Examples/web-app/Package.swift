// swift-tools-version: 6.2

import PackageDescription

let package = Package(
    name: "web-app",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "heliograph", path: "../.."),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        // Everything is in a library, so that the tests can start it.
        .target(
            name: "WebApp",
            dependencies: [
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "WebSocketHummingbird", package: "heliograph"),
                .product(name: "WebSocketNIO", package: "heliograph"),
            ]
        ),
        .executableTarget(
            name: "web-app",
            dependencies: ["WebApp", .product(name: "Hummingbird", package: "hummingbird")]
        ),
        .testTarget(
            name: "WebAppTests",
            dependencies: [
                "WebApp",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "WebSocketClient", package: "heliograph"),
                .product(name: "WebSocketNIO", package: "heliograph"),
            ]
        ),
    ],
    swiftLanguageModes: [.v6]
)
