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
        var stack: [IomemEntry] = []
        var roots: [IomemEntry] = []
        func close() {
            guard let entry = stack.popLast() else { return }
            if stack.isEmpty { roots.append(entry) } else { stack[stack.count - 1].children.append(entry) }
        }
        for entry in entries {
            while let top = stack.last, !top.range.contains(entry.range) { close() }
            stack.append(IomemEntry(range: entry.range, name: entry.name))
        }
        while !stack.isEmpty { close() }
        self.roots = roots
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
        flattened.filter { matches($0.entry.name) }.map(\.entry)
    }
}
