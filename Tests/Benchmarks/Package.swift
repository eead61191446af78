// swift-tools-version: 6.2
import PackageDescription

/// A package of its own, so that nobody who builds fleet builds its benchmarks: `make bench` runs them.
let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "fleet", path: "../..")],
    targets: [
        .executableTarget(
            name: "Benchmarks",
            dependencies: ["BareLoop", .product(name: "FleetSSH", package: "fleet")],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"), .treatAllWarnings(as: .error),
            ]
        ),
        // The bound: one thread, poll, libssh2, nothing else.
        .target(name: "BareLoop", linkerSettings: [.linkedLibrary("ssh2"), .linkedLibrary("crypto")]),
    ],
    swiftLanguageModes: [.v6]
)
