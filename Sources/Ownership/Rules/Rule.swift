package import Machine

/// One rule of the kernel: what it does, on which kernels, and where that is known from.
package struct Rule: Sendable, Equatable {
    /// The id that predictions name.
    package let id: String
    /// What the kernel does.
    package let statement: String
    /// The generations it holds for.
    package let generations: Set<Generation>
    /// Kernel file and function, or the maintainers' mail, and how it was seen.
    package let source: String

    init(_ id: String, _ generations: Set<Generation>, _ statement: String, source: String) {
        self.id = id
        self.statement = statement
        self.generations = generations
        self.source = source
    }

    /// The rule with that id.
    package static func named(_ id: String) -> Rule? { all.first { $0.id == id } }

    /// Whether it is one of the rules of `generation`.
    package func holds(for generation: Generation) -> Bool { generations.contains(generation) }
}
