/// One thing that a policy or a prediction asks for.
public enum Step: Hashable, Sendable {
    /// Load a module as modprobe would: dependencies, soft dependencies, what the kernel then requests.
    /// While a hold is in place: the hard dependencies and the module alone.
    case load(String)
    /// Remove that one module and nothing else.
    case unload(String)
    /// Keep `cxl_acpi` from being loaded.
    case hold
    /// Let `cxl_acpi` be loaded again.
    case release

    /// The word in the JSON documents: `load`, `unload`, `hold`, `release`.
    public var verb: String {
        switch self {
        case .load: "load"
        case .unload: "unload"
        case .hold: "hold"
        case .release: "release"
        }
    }

    /// The module it loads or removes.
    public var module: String? {
        switch self {
        case .load(let module), .unload(let module): module
        case .hold, .release: nil
        }
    }

    /// The modules that a step can name.
    public static let modules = [
        "cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port", "cxl_pmem", "dax_hmem", "dax_cxl", "kmem", "device_dax",
    ]

    /// Reads `load:MODULE`, `unload:MODULE`, `hold` or `release`; `-` counts as `_`.
    ///
    /// - Throws: `StepError` with a sentence that names what is wrong and what would be right.
    public init(parsing text: String) throws(StepError) {
        switch text {
        case "hold": self = .hold
        case "release": self = .release
        default:
            let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, parts[0] == "load" || parts[0] == "unload" else {
                throw StepError(
                    message: "'\(text)' is not a step: write load:MODULE, unload:MODULE, hold or release"
                )
            }
            let module = String(parts[1].map { $0 == "-" ? "_" : $0 })
            guard Self.modules.contains(module) else {
                throw StepError(
                    message: "'\(parts[1])' is not a module that daxswitch knows: use one of "
                        + Self.modules.joined(separator: ", ")
                )
            }
            self = parts[0] == "load" ? .load(module) : .unload(module)
        }
    }
}

extension Step: CustomStringConvertible {
    /// As policies write it: `unload:dax_cxl`.
    public var description: String { module.map { "\(verb):\($0)" } ?? verb }
}

/// A text that is not a step.
public struct StepError: Error, Sendable, Equatable {
    /// What is wrong and what would be right.
    public let message: String
}
