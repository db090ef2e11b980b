// swift-tools-version: 6.2

// Fuzz targets for libFuzzer, each an executable without a main. Build and run them with dev/fuzz.sh, which passes the sanitizers' flags to
// every module. A package of its own because unsafe flags bar a package from being a dependency.

import PackageDescription

// What the package in the folder around this one is called by the compiler: some decoders are for its own modules alone.
let parent = Context.packageDirectory.split(separator: "/").dropLast().last ?? "heliograph"
let packageName = String(parent.lowercased().map { $0.isLetter || $0.isNumber ? $0 : "_" })

func target(_ name: String, flags: [String] = [], more: [Target.Dependency] = []) -> Target {
    .executableTarget(
        name: name,
        dependencies: [
            "FuzzSupport",
            .product(name: "WebSocketProtocol", package: "heliograph"),
            .product(name: "WebSocketDeflate", package: "heliograph"),
            .product(name: "WebSocketTesting", package: "heliograph"),
            .product(name: "RealtimeProtocol", package: "heliograph"),
            .product(name: "LiveHTML", package: "heliograph"),
            .product(name: "LiveViews", package: "heliograph"),
            .product(name: "WebMiddleware", package: "heliograph"),
            .product(name: "BackendHooks", package: "heliograph"),
            .product(name: "RealtimeHub", package: "heliograph"),
            .product(name: "WebSocketHummingbird", package: "heliograph"),
            .product(name: "NIOCore", package: "swift-nio"),
            .product(name: "HTTPTypes", package: "swift-http-types"),
        ] + more,
        packageAccess: flags.isEmpty,
        swiftSettings: [.unsafeFlags(["-parse-as-library"] + flags)]
    )
}

let package = Package(
    name: "fuzz",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "heliograph", path: ".."),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ],
    targets: [
        .target(
            name: "FuzzSupport",
            dependencies: [
                .product(name: "RealtimeProtocol", package: "heliograph"), .product(name: "NIOCore", package: "swift-nio"),
            ]),
        target("FuzzHandshake"),
        target("FuzzExtensions"),
        target("FuzzInflate"),
        target("FuzzRoundTrip"),
        target("FuzzFrames"),
        target("FuzzJSON"),
        target("FuzzProtobuf"),
        target("FuzzDelta"),
        target("FuzzFilter"),
        target("FuzzPatches"),
        target("FuzzTemplates"),
        target("FuzzLiveEvents", flags: ["-package-name", packageName]),
        target("FuzzUploads", flags: ["-package-name", packageName]),
        target("FuzzMiddleware", flags: ["-package-name", packageName]),
        target("FuzzHooks", flags: ["-package-name", packageName]),
        target("FuzzProxies", flags: ["-package-name", packageName]),
        target("FuzzSeals", flags: ["-package-name", packageName]),
        target(
            "FuzzConfiguration", flags: ["-package-name", packageName], more: [.product(name: "HeliographServer", package: "heliograph")]),
    ],
    swiftLanguageModes: [.v6]
)
