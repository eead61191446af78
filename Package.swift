// swift-tools-version: 6.2
import PackageDescription

/// Settings of every target.
///
/// Warnings are errors; the upcoming features keep imports and existentials explicit.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// The pure core is optimised in debug builds too, so that simulation seeds are cheap.
let core: [SwiftSetting] = strict + [.unsafeFlags(["-O"], .when(configuration: .debug))]

let nio = "swift-nio"

let package = Package(
    name: "fleet",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "fleet", targets: ["fleet"]),
        // For Tests/Benchmarks, a package of its own.
        .library(name: "FleetSSH", targets: ["FleetSSH"]),
        .library(name: "FleetRehearsal", targets: ["FleetRehearsal"]),
        .library(name: "FleetSimulation", targets: ["FleetSimulation"]),
        .library(name: "FleetRun", targets: ["FleetRun"]),
        .library(name: "FleetPlanning", targets: ["FleetPlanning"]),
        .library(name: "FleetExpressions", targets: ["FleetExpressions"]),
        .library(name: "FleetJournal", targets: ["FleetJournal"]),
        .library(name: "FleetPorts", targets: ["FleetPorts"]),
        .library(name: "FleetModel", targets: ["FleetModel"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // 7: main
        .executableTarget(name: "fleet", dependencies: ["FleetCommands"], swiftSettings: strict),

        // 6: subcommands, composition root, output
        .target(
            name: "FleetCommands",
            dependencies: [
                "FleetRuntime", "FleetRehearsal", "FleetReport", "FleetRun", "FleetKubernetes", "FleetSSH",
                "FleetLocal",
                "FleetJournal", "FleetSimulationServer", "FleetFiles", "FleetPlanning", "FleetExpressions",
                "FleetWire", "FleetSimulation", "FleetPorts", "FleetModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "NIOConcurrencyHelpers", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict
        ),

        // 5: shells and projections
        .target(
            name: "FleetRuntime",
            dependencies: [
                "FleetPorts", "FleetRun", "FleetModel", .product(name: "NIOConcurrencyHelpers", package: nio),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "FleetRehearsal",
            dependencies: ["FleetSimulation", "FleetRun", "FleetPlanning", "FleetModel"],
            swiftSettings: core
        ),
        .target(name: "FleetReport", dependencies: ["FleetRun", "FleetPlanning", "FleetModel"], swiftSettings: core),

        // 4: the machines, and the adapters
        .target(
            name: "FleetRun",
            dependencies: ["FleetPlanning", "FleetExpressions", "FleetModel"],
            swiftSettings: core
        ),
        .target(
            name: "FleetKubernetes",
            dependencies: [
                "FleetPorts", "FleetWire", "FleetModel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOPosix", package: nio),
                .product(name: "NIOFoundationCompat", package: nio),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "FleetSSH",
            dependencies: [
                "CLibSSH2", "FleetPorts", "FleetModel",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOConcurrencyHelpers", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "_CryptoExtras", package: "swift-crypto"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "FleetLocal",
            dependencies: [
                "FleetPorts", "FleetModel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict
        ),
        .systemLibrary(
            name: "CLibSSH2",
            pkgConfig: "libssh2",
            providers: [.apt(["libssh2-1-dev"]), .brew(["libssh2"])]
        ),
        .target(
            name: "FleetJournal",
            dependencies: [
                "FleetPorts", "FleetModel",
                .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "NIOConcurrencyHelpers", package: nio),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "FleetSimulationServer",
            dependencies: [
                "FleetSimulation", "FleetWire", "FleetModel",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "NIOCore", package: nio),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),

        // 3: files
        .target(
            name: "FleetFiles",
            dependencies: ["FleetExpressions", "FleetModel", .product(name: "Yams", package: "Yams")],
            swiftSettings: strict
        ),

        // 2: pure libraries
        .target(name: "FleetPlanning", dependencies: ["FleetModel"], swiftSettings: core),
        .target(name: "FleetExpressions", dependencies: ["FleetModel"], swiftSettings: core),
        .target(name: "FleetWire", dependencies: ["FleetModel"], swiftSettings: core),
        .target(name: "FleetSimulation", dependencies: ["FleetModel"], swiftSettings: core),
        .target(name: "FleetPorts", dependencies: ["FleetModel"], swiftSettings: strict),

        // 1: the model
        .target(name: "FleetModel", swiftSettings: core),

        // Tests
        .testTarget(name: "FleetModelTests", dependencies: ["FleetModel"], swiftSettings: strict),
        .testTarget(
            name: "FleetExpressionsTests", dependencies: ["FleetExpressions", "FleetModel"], swiftSettings: strict),
        .testTarget(
            name: "FleetFilesTests", dependencies: ["FleetFiles", "FleetExpressions", "FleetModel"],
            exclude: ["Fixtures", "record-fixtures.py"], swiftSettings: strict),
        .testTarget(name: "FleetPlanningTests", dependencies: ["FleetPlanning", "FleetModel"], swiftSettings: strict),
        .testTarget(
            name: "FleetWireTests", dependencies: ["FleetWire", "FleetModel"], resources: [.copy("Fixtures")],
            swiftSettings: strict),
        .testTarget(
            name: "FleetSimulationTests", dependencies: ["FleetSimulation", "FleetModel"], swiftSettings: strict),
        .testTarget(
            name: "FleetSimulationServerTests",
            dependencies: [
                "FleetSimulationServer", "FleetSimulation", "FleetPlanning", "FleetWire", "FleetModel",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "FleetKubernetesTests",
            dependencies: [
                "FleetKubernetes", "FleetPorts", "FleetWire", "FleetModel",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOConcurrencyHelpers", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOPosix", package: nio),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FleetSSHTests",
            dependencies: [
                "FleetSSH", "FleetPorts", "FleetModel",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOPosix", package: nio),
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FleetLocalTests",
            dependencies: [
                "FleetLocal", "FleetPorts", "FleetModel",
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOConcurrencyHelpers", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "NIOPosix", package: nio),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FleetJournalTests",
            dependencies: [
                "FleetJournal", "FleetRun", "FleetPlanning", "FleetPorts", "FleetModel",
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            exclude: ["Fixtures"], swiftSettings: strict),
        .testTarget(
            name: "FleetRunTests", dependencies: ["FleetRun", "FleetPlanning", "FleetExpressions", "FleetModel"],
            swiftSettings: strict),
        .testTarget(
            name: "FleetRuntimeTests",
            dependencies: [
                "FleetRuntime", "FleetPorts", "FleetRun", "FleetModel",
                .product(name: "NIOConcurrencyHelpers", package: nio),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FleetRehearsalTests",
            dependencies: [
                "FleetRehearsal", "FleetSimulation", "FleetRun", "FleetPlanning", "FleetExpressions", "FleetModel",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FleetReportTests", dependencies: ["FleetReport", "FleetRun", "FleetPlanning", "FleetModel"],
            swiftSettings: strict),
        .testTarget(
            name: "SandboxTests",
            dependencies: [
                "FleetCommands", "FleetRun", "FleetModel", .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "FleetCommandsTests",
            dependencies: [
                "FleetCommands", "FleetSimulationServer", "FleetKubernetes", "FleetSSH", "FleetJournal", "FleetRun",
                "FleetReport", "FleetPlanning", "FleetFiles", "FleetExpressions", "FleetSimulation", "FleetWire",
                "FleetRuntime", "FleetPorts", "FleetModel",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOConcurrencyHelpers", package: nio),
                .product(name: "NIOCore", package: nio),
                .product(name: "NIOHTTP1", package: nio),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "Subprocess", package: "swift-subprocess"),
            ],
            swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)

// `make tsan` builds a part only: the test targets that FLEET_TESTS names, and what they need.
if var wanted = Context.environment["FLEET_TESTS"]?.split(separator: " ").map(String.init) {
    var kept: Set<String> = []
    while let name = wanted.popLast() {
        guard kept.insert(name).inserted, let target = package.targets.first(where: { $0.name == name }) else {
            continue
        }
        for case .byNameItem(let needed, _) in target.dependencies { wanted.append(needed) }
    }
    package.targets.removeAll { !kept.contains($0.name) }
    package.products = []
}
