// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

/// Optimized in debug builds too: the suite reads hundreds of machines and plans for tens of thousands of states.
/// The package manager has no setting for this, so it remains an unsafe flag.
let optimized: [SwiftSetting] = settings + [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// A library target of this package: no dependency outside it unless named.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: optimized)
}

/// The tests of one target, named after it.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .testTarget(
        name: "\(name)Tests",
        dependencies: [.target(name: name)] + dependencies,
        swiftSettings: settings
    )
}

let package = Package(
    name: "daxswitch",
    products: [.executable(name: "daxswitch", targets: ["daxswitch"])],
    // Exact versions: the tool runs as root, and a new version of somebody else's code is a change to review.
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", exact: "0.6.0"),
    ],
    targets: [
        // Opened when it is needed, so its headers are all that building takes from libkmod-dev.
        .target(name: "CKmod", cSettings: [.treatAllWarnings(as: .error)]),
        .target(name: "CSystem", cSettings: [.treatAllWarnings(as: .error)]),
        library("LinuxSystem", ["CSystem"]),
        library("Kmod", ["CKmod", "LinuxSystem", "Machine"]),
        library("Iomem"),
        library("Machine", ["Iomem"]),
        library("Inspection", ["Iomem", "Machine", "LinuxSystem"]),
        library("Ownership", ["Iomem", "Machine"]),
        library("Map", ["Iomem", "Machine", "Ownership"]),
        library("Policy", ["Ownership", "LinuxSystem", "TOMLKit"]),
        library("SavedPlan", ["Iomem", "LinuxSystem", "Machine", "Ownership"]),
        library(
            "Reload",
            ["Iomem", "Machine", "Ownership", "SavedPlan", "Inspection", "Kmod", "LinuxSystem", "CSystem"]
        ),
        library("Persistence", ["Machine", "Inspection", "LinuxSystem"]),
        .executableTarget(
            name: "daxswitch",
            dependencies: [
                "Iomem", "Machine", "Inspection", "Ownership", "Map", "Policy", "SavedPlan", "Reload", "Persistence",
                "Kmod",
                "LinuxSystem", "CSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings,
            linkerSettings: [
                .unsafeFlags(["-use-ld=lld"]),
                .unsafeFlags(["-Xlinker", "--gc-sections"], .when(configuration: .release)),
            ]
        ),
        .target(
            name: "TestCaptures",
            dependencies: ["CSystem", "Inspection"],
            path: "Tests/TestCaptures",
            swiftSettings: optimized
        ),
        // What recorded machines show, read without any code of the tool: what tests compare its words with.
        .target(name: "Referee", path: "Tests/Referee", swiftSettings: settings),
        .target(name: "TestProcesses", path: "Tests/TestProcesses", cSettings: [.treatAllWarnings(as: .error)]),
        // Predictions compared with recorded machines: for tests, and for the tool that writes the documents.
        .target(
            name: "CaptureReplay",
            dependencies: ["Inspection", "Iomem", "Machine", "Ownership", "Policy", "TestCaptures"],
            path: "Tests/CaptureReplay",
            swiftSettings: optimized
        ),
        // `make docs`; not installed.
        .executableTarget(
            name: "daxswitch-docs",
            dependencies: ["CaptureReplay"],
            path: "Tools/daxswitch-docs",
            swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-use-ld=lld"])]
        ),
        tests("LinuxSystem", ["CSystem", "TestCaptures"]),
        tests("Kmod", ["LinuxSystem"]),
        tests("Iomem"),
        tests("Inspection", ["LinuxSystem", "TestCaptures", "TestProcesses"]),
        tests("Ownership", ["CaptureReplay", "Inspection", "Policy", "TestCaptures"]),
        tests("Map", ["CaptureReplay", "Inspection", "TestCaptures"]),
        tests("Policy", ["LinuxSystem"]),
        tests("Reload", ["CSystem", "CaptureReplay", "Kmod", "LinuxSystem", "Policy", "Referee", "TestCaptures"]),
        tests("Persistence", ["LinuxSystem", "Referee", "TestCaptures"]),
        .testTarget(
            name: "FuzzTests",
            dependencies: ["daxswitch", "LinuxSystem", "TestCaptures"],
            exclude: ["Corpus"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: ["daxswitch", "CaptureReplay", "LinuxSystem", "Referee", "TestCaptures"],
            swiftSettings: settings
        ),
    ]
)
