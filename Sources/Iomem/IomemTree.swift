/// One resource of `/proc/iomem` with what lies below it.
package struct IomemEntry: Hashable, Sendable {
    /// The bytes of the resource, inclusive ends.
    package let range: AddressRange
    /// The name exactly as the kernel prints it, for example `CXL Window 0` or `System RAM (kmem)`.
    package let name: String
    /// The resources inside this one, in address order.
    package internal(set) var children: [IomemEntry]

    /// A resource with its children.
    package init(range: AddressRange, name: String, children: [IomemEntry] = []) {
        self.range = range
        self.name = name
        self.children = children
    }
}

/// The resource tree of physical memory, as `/proc/iomem` shows it.
///
/// Containment is computed from the addresses and the order of the lines: the kernel clips the indent
/// (`r_show()` in kernel/resource.c prints at most four levels).
package struct IomemTree: Hashable, Sendable {
    /// The resources at the top, in address order.
    package let roots: [IomemEntry]

    /// A tree over resources in the order of the file, in which a parent precedes its children.
    package init(inFileOrder entries: [IomemEntry]) {
        var builder = Builder()
        for entry in entries {
            while let innermost = builder.innermost, !innermost.contains(entry.range) { builder.close() }
            builder.open(IomemEntry(range: entry.range, name: entry.name))
        }
        self.init(builder)
    }

    /// The tree that `builder` was given.
    init(_ builder: consuming Builder) {
        while builder.innermost != nil { builder.close() }
        roots = builder.roots
    }

    /// Makes a tree of resources in the order of the file, each of them moved to its place once.
    struct Builder: ~Copyable {
        fileprivate var roots: [IomemEntry] = []
        /// The resources that may still get children, from the outside to the inside.
        private var stack: [IomemEntry] = []

        /// How many resources lie around the next one.
        var depth: Int { stack.count }
        /// The range of the one that the next is put into; nil at the top.
        var innermost: AddressRange? { stack.isEmpty ? nil : stack[stack.count - 1].range }

        /// Adds a resource without children, into the innermost.
        mutating func open(_ entry: IomemEntry) { stack.append(entry) }

        /// Ends the innermost resource.
        mutating func close() {
            let entry = stack.removeLast()
            if stack.isEmpty { roots.append(entry) } else { stack[stack.count - 1].children.append(entry) }
        }
    }

    /// Every resource, parents before children, with its depth from the top (0).
    package var flattened: [(depth: Int, entry: IomemEntry)] {
        var result: [(depth: Int, entry: IomemEntry)] = []
        func visit(_ entries: [IomemEntry], _ depth: Int) {
            for entry in entries {
                result.append((depth, entry))
                visit(entry.children, depth + 1)
            }
        }
        visit(roots, 0)
        return result
    }

    /// The resources whose name satisfies `matches`, in the order of the file.
    package func entries(where matches: (String) -> Bool) -> [IomemEntry] {
        var found: [IomemEntry] = []
        func visit(_ entries: [IomemEntry]) {
            for entry in entries {
                if matches(entry.name) { found.append(entry) }
                visit(entry.children)
            }
        }
        visit(roots)
        return found
    }
}
