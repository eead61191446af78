// swift-tools-version: 6.2
import PackageDescription

/// As in fleet itself.
let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"), .treatAllWarnings(as: .error),
]

/// A package of its own, so that nobody who builds fleet builds its benchmarks: `make bench` runs them.
let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "fleet", path: "../..")],
    targets: [
        .executableTarget(
            name: "Benchmarks",
            dependencies: [
                "BareLoop", .product(name: "FleetSSH", package: "fleet"),
                .product(name: "FleetJournal", package: "fleet"), .product(name: "FleetPorts", package: "fleet"),
                .product(name: "FleetModel", package: "fleet"),
            ],
            swiftSettings: strict),
        // The bound: one thread, poll, libssh2, nothing else.
        .target(name: "BareLoop", linkerSettings: [.linkedLibrary("ssh2"), .linkedLibrary("crypto")]),
        // Plans and rehearsals of large clusters.
        .executableTarget(
            name: "Planning",
            dependencies: [
                .product(name: "FleetRehearsal", package: "fleet"), .product(name: "FleetSimulation", package: "fleet"),
                .product(name: "FleetRun", package: "fleet"), .product(name: "FleetPlanning", package: "fleet"),
                .product(name: "FleetExpressions", package: "fleet"), .product(name: "FleetModel", package: "fleet"),
            ],
            swiftSettings: strict),
    ],
    swiftLanguageModes: [.v6]
)
