// swift-tools-version: 6.2
import PackageDescription

// The pure rooms are built from the tool's own sources, through the link `Sources`: what they declare `package` is visible to
// the benchmarks here, and nothing becomes public because it is measured. The rooms that read files can't be here: their C
// target has the name of one of swift-system's, which the library needs. What reading costs is measured as a process.

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

/// A room of the tool.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        path: "Sources/\(name)",
        swiftSettings: settings + [.strictMemorySafety()]
    )
}

let package = Package(
    name: "Benchmarks",
    dependencies: [
        // Without its traits: what they count, allocations and references, is not measured here.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: [])
    ],
    targets: [
        room("Iomem"),
        room("Machine", ["Iomem"]),
        room("Ownership", ["Iomem", "Machine"]),
        .target(name: "ReferenceParser", path: "ReferenceParser", cSettings: [.unsafeFlags(["-O2"])]),
        .executableTarget(
            name: "Functions",
            dependencies: [
                "Iomem", "Machine", "Ownership", "ReferenceParser",
                .product(name: "Benchmark", package: "benchmark"),
            ],
            path: "Functions",
            swiftSettings: settings,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]
        ),
    ]
)
