// swift-tools-version: 6.2
import PackageDescription

/// A package of its own, so that nobody who builds fleet builds its benchmarks.
let package = Package(
    name: "Benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "fleet", path: "../..")],
    targets: [
        // Plans and rehearsals of large clusters.
        .executableTarget(
            name: "Planning",
            dependencies: [
                .product(name: "FleetRehearsal", package: "fleet"), .product(name: "FleetSimulation", package: "fleet"),
                .product(name: "FleetRun", package: "fleet"), .product(name: "FleetPlanning", package: "fleet"),
                .product(name: "FleetExpressions", package: "fleet"), .product(name: "FleetModel", package: "fleet"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"), .enableUpcomingFeature("MemberImportVisibility"),
                .enableUpcomingFeature("InternalImportsByDefault"), .treatAllWarnings(as: .error),
            ]
        )
    ],
    swiftLanguageModes: [.v6]
)
