// swift-tools-version: 6.2

import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded = Target.Dependency.product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let nioHTTP2 = Target.Dependency.product(name: "NIOHTTP2", package: "swift-nio-http2")
let nioHPACK = Target.Dependency.product(name: "NIOHPACK", package: "swift-nio-http2")
let nioHTTPTypes = Target.Dependency.product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1 = Target.Dependency.product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioHTTPTypesHTTP2 = Target.Dependency.product(name: "NIOHTTPTypesHTTP2", package: "swift-nio-extras")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let tracing = Target.Dependency.product(name: "Tracing", package: "swift-distributed-tracing")
let inMemoryTracing = Target.Dependency.product(name: "InMemoryTracing", package: "swift-distributed-tracing")
let collections = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let inMemoryLogging = Target.Dependency.product(name: "InMemoryLogging", package: "swift-log")
let metricsTestKit = Target.Dependency.product(name: "MetricsTestKit", package: "swift-metrics")
let metrics = Target.Dependency.product(name: "Metrics", package: "swift-metrics")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore = Target.Dependency.product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS = Target.Dependency.product(name: "HummingbirdTLS", package: "hummingbird")
let hummingbirdTesting = Target.Dependency.product(name: "HummingbirdTesting", package: "hummingbird")
let serviceLifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let jwtKit = Target.Dependency.product(name: "JWTKit", package: "jwt-kit")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let configuration = Target.Dependency.product(name: "Configuration", package: "swift-configuration")
let asyncHTTPClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let package = Package(
    name: "heliograph",
    platforms: [.macOS(.v15), .iOS(.v18), .tvOS(.v18), .watchOS(.v11), .visionOS(.v2)],
    products: [
        .executable(name: "heliograph", targets: ["heliograph"]),
        .library(name: "WebSocketProtocol", targets: ["WebSocketProtocol"]),
        .library(name: "WebSocketDeflate", targets: ["WebSocketDeflate"]),
        .library(name: "WebSocketNIO", targets: ["WebSocketNIO"]),
        .library(name: "WebSocketClient", targets: ["WebSocketClient"]),
        .library(name: "WebSocketHummingbird", targets: ["WebSocketHummingbird"]),
        .library(name: "RealtimeProtocol", targets: ["RealtimeProtocol"]),
        .library(name: "LiveHTML", targets: ["LiveHTML"]),
        .library(name: "LiveViews", targets: ["LiveViews"]),
        .library(name: "WebSocketTesting", targets: ["WebSocketTesting"]),
        .library(name: "RealtimeHub", targets: ["RealtimeHub"]),
        .library(name: "PubSub", targets: ["PubSub"]),
        .library(name: "PubSubTesting", targets: ["PubSubTesting"]),
        .library(name: "RealtimeTesting", targets: ["RealtimeTesting"]),
        .library(name: "RealtimeHummingbird", targets: ["RealtimeHummingbird"]),
        .library(name: "WebMiddleware", targets: ["WebMiddleware"]),
        .library(name: "BackendHooks", targets: ["BackendHooks"]),
        .library(name: "RealtimeClient", targets: ["RealtimeClient"]),
        .library(name: "HeliographServer", targets: ["HeliographServer"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.1"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        // Pure: bytes and values, no I/O.
        .target(
            name: "CZlib",
            linkerSettings: [.linkedLibrary("z")]
        ),
        .target(name: "CAllocator"),
        .target(name: "CPrefetch"),
        .target(name: "CThreadSpare"),
        .target(name: "WebSocketProtocol", dependencies: [nio, httpTypes], swiftSettings: settings),
        .target(name: "WebSocketDeflate", dependencies: ["WebSocketProtocol", "CZlib", nio], swiftSettings: settings),
        .target(name: "RealtimeProtocol", dependencies: [nio], swiftSettings: settings),
        .target(name: "LiveHTML", dependencies: ["CThreadSpare"], swiftSettings: settings),

        // Cores: know the pure ones, and ports.
        .target(name: "PubSub", swiftSettings: settings),
        .target(
            name: "RealtimeHub",
            dependencies: ["RealtimeProtocol", "PubSub", "CPrefetch", nio, logging, metrics, tracing],
            swiftSettings: settings
        ),
        .target(
            name: "LiveViews",
            dependencies: ["LiveHTML", "RealtimeHub", "RealtimeProtocol", "PubSub", crypto, nio, logging, metrics, tracing],
            swiftSettings: settings
        ),

        // Adapters: each knows one outside thing.
        .target(
            name: "WebSocketNIO",
            dependencies: ["WebSocketProtocol", "WebSocketDeflate", "CPrefetch", nio, collections, logging, metrics],
            swiftSettings: settings
        ),
        .target(
            name: "WebSocketClient",
            dependencies: ["WebSocketNIO", "WebSocketProtocol", "WebSocketDeflate", nio, nioPosix, nioHTTP1, nioSSL, httpTypes, logging],
            swiftSettings: settings
        ),
        .target(
            name: "WebSocketHummingbird",
            dependencies: [
                "WebSocketNIO", "WebSocketProtocol", "WebSocketDeflate", hummingbird, hummingbirdCore, hummingbirdTLS,
                nio, nioHTTP1, nioHTTP2, nioHPACK, nioSSL, nioHTTPTypes, nioHTTPTypesHTTP1, nioHTTPTypesHTTP2, httpTypes, logging,
                metrics, serviceLifecycle,
            ],
            swiftSettings: settings
        ),

        .target(
            name: "WebMiddleware",
            dependencies: ["CZlib", hummingbird, httpTypes, nio, crypto],
            swiftSettings: settings
        ),
        .target(
            name: "BackendHooks",
            dependencies: [
                "RealtimeHub", "RealtimeProtocol", "PubSub", "CZlib", asyncHTTPClient, crypto, collections, nio, nioPosix, nioHTTP1, nioSSL,
                logging, metrics, tracing,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "RealtimeHummingbird",
            dependencies: [
                "LiveViews", "LiveHTML", "LiveClientScript", "RealtimeHub", "RealtimeProtocol", "WebSocketHummingbird", "WebSocketNIO",
                "WebSocketProtocol", hummingbird, httpTypes, nio, serviceLifecycle,
            ],
            swiftSettings: settings
        ),
        .target(name: "LiveClientScript", exclude: ["heliograph-live.min.js", "heliograph-live-extras.min.js"]),

        .target(
            name: "RealtimeClient",
            dependencies: ["WebSocketClient", "WebSocketNIO", "WebSocketProtocol", "RealtimeProtocol", nio, nioPosix, logging],
            swiftSettings: settings
        ),

        // Composition.
        // What `heliograph serve` shows, each a file to copy.
        .target(
            name: "Demos",
            dependencies: ["LiveViews", "LiveHTML", "RealtimeHub", "RealtimeProtocol", "PubSub", "WebSocketNIO", "WebSocketProtocol", nio],
            path: "Examples/demos",
            swiftSettings: settings
        ),
        .target(name: "HeliographPages", exclude: ["Files"]),
        .target(
            name: "HeliographServer",
            dependencies: [
                "BackendHooks", "CAllocator", "Demos", "HeliographPages", "LiveViews", "LiveHTML", "RealtimeHummingbird", "RealtimeHub",
                "RealtimeProtocol", "PubSub",
                "WebMiddleware", "WebSocketHummingbird",
                "WebSocketNIO", "WebSocketProtocol", "WebSocketDeflate", crypto, jwtKit, yams, configuration, asyncHTTPClient, hummingbird,
                hummingbirdCore, hummingbirdTLS, nio, nioPosix, nioHTTP1, nioSSL, httpTypes, logging, coreMetrics, tracing,
                serviceLifecycle,
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "heliograph",
            dependencies: [
                "HeliographServer", "CAllocator", "WebSocketClient", "WebSocketNIO", "WebSocketProtocol", "WebSocketDeflate",
                argumentParser, histogram, collections, nio, nioPosix, nioSSL, serviceLifecycle, unixSignals, metrics, logging, httpTypes,
            ],
            swiftSettings: settings
        ),

        // Test kits.
        .target(name: "WebSocketTesting", dependencies: ["WebSocketProtocol", nio], swiftSettings: settings),
        .target(name: "PubSubTesting", dependencies: ["PubSub"], swiftSettings: settings),
        .target(
            name: "RealtimeTesting",
            dependencies: ["LiveViews", "LiveHTML", "RealtimeHub", "RealtimeProtocol", nio, nioEmbedded],
            swiftSettings: settings
        ),

        // Tests mirror the sources.
        .testTarget(
            name: "WebSocketProtocolTests",
            dependencies: ["WebSocketProtocol", "WebSocketTesting", nio, httpTypes],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RealtimeProtocolTests",
            dependencies: ["RealtimeProtocol", "WebSocketTesting", nio],
            swiftSettings: settings
        ),
        .testTarget(name: "LiveHTMLTests", dependencies: ["LiveHTML", "ServerTestSupport"], swiftSettings: settings),
        .testTarget(
            name: "LiveViewsTests",
            dependencies: [
                "LiveViews", "LiveHTML", "RealtimeTesting", "RealtimeHub", "RealtimeProtocol", "PubSub", nio, nioPosix, nioEmbedded,
                logging, tracing, inMemoryTracing,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebSocketDeflateTests",
            dependencies: ["WebSocketDeflate", "WebSocketProtocol", "WebSocketTesting", nio],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RealtimeHubTests",
            dependencies: [
                "RealtimeHub", "RealtimeProtocol", "PubSub", "WebSocketTesting", "ServerTestSupport", nio, nioPosix, nioEmbedded, metrics,
                metricsTestKit, tracing, inMemoryTracing,
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "PubSubTests", dependencies: ["PubSub", "PubSubTesting"], swiftSettings: settings),
        .testTarget(
            name: "WebSocketNIOTests",
            dependencies: [
                "WebSocketNIO", "WebSocketProtocol", "WebSocketDeflate", "WebSocketTesting", nio, nioPosix, nioEmbedded, logging,
                inMemoryLogging, metrics, metricsTestKit,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebSocketClientTests",
            dependencies: [
                "WebSocketClient", "WebSocketNIO", "WebSocketHummingbird", "WebSocketProtocol", "WebSocketDeflate", "ServerTestSupport",
                hummingbird, hummingbirdCore, hummingbirdTLS, hummingbirdTesting, httpTypes, nio, nioPosix, nioSSL, nioHTTP1,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebSocketHummingbirdTests",
            dependencies: [
                "WebSocketHummingbird", "WebSocketClient", "WebSocketNIO", "WebSocketProtocol", "WebSocketDeflate", "WebMiddleware",
                "ServerTestSupport",
                hummingbird, hummingbirdCore, hummingbirdTLS, hummingbirdTesting, httpTypes, nio, nioPosix, nioSSL, nioHTTP1, nioHTTP2,
                nioHPACK, nioEmbedded, logging, serviceLifecycle,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "WebMiddlewareTests",
            dependencies: [
                "WebMiddleware", "CZlib", hummingbird, hummingbirdTesting, httpTypes, nio, nioEmbedded, logging,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "BackendHooksTests",
            dependencies: [
                "BackendHooks", "RealtimeHub", "RealtimeProtocol", "PubSub", "ServerTestSupport", hummingbird, hummingbirdTesting, nio,
                nioPosix, nioHTTP1, logging, metrics, metricsTestKit, tracing, inMemoryTracing,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RealtimeClientTests",
            dependencies: [
                "RealtimeClient", "RealtimeHub", "RealtimeHummingbird", "RealtimeProtocol", "PubSub", "WebSocketHummingbird",
                "WebSocketClient", "WebSocketNIO", "WebSocketProtocol", "WebSocketTesting", hummingbird, hummingbirdCore, nio, nioPosix,
                nioEmbedded, logging, serviceLifecycle,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "RealtimeHummingbirdTests",
            dependencies: [
                "RealtimeHummingbird", "LiveViews", "LiveHTML", "RealtimeHub", "RealtimeProtocol", "PubSub", "WebSocketHummingbird",
                "WebSocketClient", "WebSocketNIO", "WebSocketProtocol", "WebSocketTesting", "ServerTestSupport", hummingbird,
                hummingbirdCore,
                hummingbirdTesting, httpTypes, nio, nioPosix, nioEmbedded, nioSSL, nioHTTP1, nioHTTP2, nioHTTPTypes, nioHTTPTypesHTTP1,
                nioHTTPTypesHTTP2, logging, serviceLifecycle,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "HeliographServerTests",
            dependencies: [
                "BackendHooks", "Demos", "HeliographServer", "PubSub", "heliograph", "ServerTestSupport", "WebMiddleware",
                "WebSocketTesting", "WebSocketClient", "WebSocketNIO",
                "WebSocketProtocol", "WebSocketDeflate", "WebSocketHummingbird", "RealtimeHub", "RealtimeHummingbird", "RealtimeProtocol",
                "RealtimeTesting", "LiveViews", "LiveHTML", hummingbird, hummingbirdTesting, jwtKit, yams, nio, nioPosix, nioHTTP1, nioSSL,
                httpTypes, logging, coreMetrics, metricsTestKit, tracing, inMemoryTracing,
            ],
            swiftSettings: settings
        ),
        // Needs Chromium, and fails without it.
        .testTarget(
            name: "BrowserTests",
            dependencies: [
                "heliograph", "LiveHTML", "LiveViews", "RealtimeHummingbird", "WebSocketHummingbird", "ServerTestSupport",
                "WebSocketClient",
                "WebSocketNIO", "WebSocketProtocol", hummingbird, hummingbirdCore, logging, nio, nioPosix, serviceLifecycle,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "ServerTestSupport", dependencies: [nioSSL, nio, nioPosix, tracing, inMemoryTracing], path: "Tests/ServerTestSupport",
            swiftSettings: settings),
        .testTarget(
            name: "HeliographTests",
            dependencies: [
                "heliograph", "HeliographServer", "WebSocketClient", "WebSocketNIO", "WebSocketProtocol", argumentParser, histogram,
                nio, nioPosix, nioEmbedded, nioSSL, httpTypes, logging, serviceLifecycle,
            ],
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6],
    // For `#embed`.
    cLanguageStandard: .gnu2x
)
