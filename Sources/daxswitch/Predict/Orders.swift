import Iomem
import Machine
import Ownership
import SavedPlan

/// `predict --all-orders --json`: the safest outcome first.
func ordersDocument(_ outcomes: [OrderOutcome], modules: [String]) -> JSONValue {
    document(
        "orders",
        [
            "modules": JSONValue(modules),
            "outcomes": .list(
                outcomes.map { outcome in
                    let prediction = outcome.plan.prediction
                    return [
                        "orders": .list(outcome.orders.map { JSONValue($0) }),
                        "certain": .bool(prediction.isCertain),
                        "missing_facts": JSONValue(prediction.missingFacts),
                        "ranges": .form(prediction.ranges),
                        "hazards": .form(outcome.plan.hazards.groups),
                    ]
                }
            ),
            "groups": .list(OrderGroup.groups(of: outcomes).map(groupMembers)),
        ]
    )
}

private func groupMembers(_ group: OrderGroup) -> JSONValue {
    [
        "outcomes": .list(group.outcomes.map { JSONValue($0) }), "orders": JSONValue(group.orders.count),
        "example": JSONValue(group.orders.first ?? []), "extent": .text(group.rule.extent.rawValue),
        "precedences": .list(
            group.rule.precedences.map { ["first": .text($0.first), "second": .text($0.second)] }
        ),
    ]
}

/// `predict --all-orders` for people: for each group one sentence about its orders and what they come to; with `isVerbose`
/// each outcome with its reasons and all its orders too.
func ordersText(_ outcomes: [OrderOutcome], isVerbose: Bool = false, style: Style) -> [Line] {
    let groups = OrderGroup.groups(of: outcomes)
    let count = groups.map(\.orders.count).reduce(0, +)
    var lines = [style.strong("\(counted(count, "order")), \(counted(groups.count, "result"))")]
    for group in groups {
        guard let plan = group.outcomes.first.map({ outcomes[$0].plan }) else { continue }
        let emphasis = plan.hazards.isEmpty ? (plan.prediction.isCertain ? style.good : style.careful) : style.bad
        let modules = group.orders.first ?? []
        lines += [""] + wrapped("\(words(group.rule, of: modules)): \(result(of: plan))", indent: 0).map(emphasis)
        let number = group.orders.count == count ? "" : " of \(count)"
        let example = modules.joined(separator: ", ")
        lines += wrapped("\(group.orders.count)\(number) orders, such as \(example)", indent: 2)
        let rules = group.outcomes.flatMap { outcomes[$0].plan.prediction.ranges.flatMap(\.rules) }
        lines += wrapped("Rules: \(distinct(rules).joined(separator: ", "))", indent: 2).map(style.faint)
        lines += plan.prediction.missingFacts.flatMap { wrapped("Not certain: \($0)", indent: 2) }
        if isVerbose { lines += group.outcomes.flatMap { outcomeText(outcomes[$0], style) } }
    }
    return isVerbose ? lines : lines + ["", style.faint("All orders with their reasons: --verbose")]
}

/// The owners with their reasons, the hazards and the orders of one outcome.
private func outcomeText(_ outcome: OrderOutcome, _ style: Style) -> [Line] {
    let prediction = outcome.plan.prediction
    var lines: [Line] = [""]
    lines += aligned(
        prediction.ranges.map { range in
            let owners = range.owners.sorted().map(\.rawValue).joined(separator: " or ")
            return ["\(range.range)", owners, "[\(range.rules.joined(separator: ", "))]"]
        }
    )
    let hazards = outcome.plan.hazards.map { "\($0.id.rawValue) (\($0.subject))" }.joined(separator: ", ")
    if !hazards.isEmpty { lines += wrapped("Hazards: \(hazards)", indent: 4).map(style.bad) }
    return lines + outcome.orders.map { "    \($0.joined(separator: ", "))" }
}

/// Which orders a rule is about: `dax_hmem before cxl_acpi`, `dax_cxl last`, `unless dax_cxl first`.
///
/// - Parameter modules: The modules of the orders.
func words(_ rule: OrderRule, of modules: [String]) -> String {
    let words = words(rule.precedences, of: modules)
    return switch rule.extent {
    case .every: "every order"
    case .only: words
    case .except: "all orders except \(words)"
    case .some: words.isEmpty ? "some orders" : "some orders with \(words)"
    }
}

private func words(_ precedences: [OrderRule.Precedence], of modules: [String]) -> String {
    guard let first = precedences.first else { return "" }
    if modules.count > 2 && precedences.count == modules.count - 1 {
        if precedences.allSatisfy({ $0.first == first.first }) { return "\(first.first) first" }
        if precedences.allSatisfy({ $0.second == first.second }) { return "\(first.second) last" }
    }
    if let chain = chain(precedences) { return chain.joined(separator: " before ") }
    var clauses: [String] = []
    var rest = precedences
    while let next = rest.first {
        let (sameFirst, sameSecond) = (rest.filter { $0.first == next.first }, rest.filter { $0.second == next.second })
        let taken = sameFirst.count >= sameSecond.count ? sameFirst : sameSecond
        let firsts = distinct(taken.map(\.first)).joined(separator: " and ")
        clauses.append("\(firsts) before \(distinct(taken.map(\.second)).joined(separator: " and "))")
        rest.removeAll(where: taken.contains)
    }
    return clauses.joined(separator: ", and ")
}

/// The modules of precedences that follow one another; nil where they don't.
private func chain(_ precedences: [OrderRule.Precedence]) -> [String]? {
    let seconds = Set(precedences.map(\.second))
    guard var name = precedences.first(where: { !seconds.contains($0.first) })?.first else { return nil }
    var chain = [name]
    while let next = precedences.first(where: { $0.first == name }) {
        name = next.second
        chain.append(name)
    }
    return chain.count == precedences.count + 1 ? chain : nil
}

/// What a plan comes to: `self-undoing; hmem owns 512 GiB`.
private func result(of plan: Plan) -> String {
    var sizes: [(owners: String, bytes: UInt64)] = []
    for range in plan.prediction.ranges {
        let owners =
            range.owners.sorted().map(\.rawValue).joined(separator: " or ")
        if let place = sizes.firstIndex(where: { $0.owners == owners }) {
            sizes[place].bytes = sizes[place].bytes.addingSaturated(range.range.size)
        } else {
            sizes.append((owners, range.range.size))
        }
    }
    let owners = sizes.map { "\($0.owners) owns \(sizeText($0.bytes))" }.joined(separator: ", ")
    let hazards = distinct(plan.hazards.grouped.map(\.cause.id.rawValue)).joined(separator: ", ")
    return [hazards, owners].filter { !$0.isEmpty }.joined(separator: "; ")
}

/// Each word once, in the order of its first appearance.
private func distinct(_ words: [String]) -> [String] {
    words.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
}
