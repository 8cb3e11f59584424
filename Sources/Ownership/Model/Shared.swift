/// A value that copies share: a model is copied at every step, and what no step changes is not.
struct Shared<Value: Sendable & Equatable>: Sendable, Equatable {
    private final class Box: Sendable {
        let value: Value

        init(_ value: Value) { self.value = value }
    }

    private var box: Box

    init(_ value: Value) { box = Box(value) }

    /// The value; a change makes one of its own. It is lent, not copied: it may have dozens of members.
    var value: Value {
        _read { yield box.value }
        set { box = Box(newValue) }
    }

    static func == (left: Shared, right: Shared) -> Bool { left.box === right.box || left.box.value == right.box.value }
}
