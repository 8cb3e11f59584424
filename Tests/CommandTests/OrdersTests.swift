import Foundation
import TestCaptures
import Testing

@Suite("predict --all-orders")
struct OrdersTests {
    @Test("7.3.4 without a region: every order, by its result, as its schema says")
    func document() throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "no-region", "topology")
        let arguments = ["predict", "--all-orders", "cxl_acpi", "dax_hmem", "dax_cxl", "--json"]
        let document = try Tool.run(arguments, on: root).document()
        #expect(try Schema(named: "orders").problems(document) == [])
    }

    @Test(
        "what is no module, comes twice, or is too many ends with 64",
        arguments: [
            ["load:dax_hmem"], ["ext4"], ["dax_hmem", "dax-hmem"],
            ["cxl_acpi", "cxl_pci", "cxl_mem", "cxl_port", "cxl_pmem", "dax_hmem", "dax_cxl"],
        ]
    )
    func usage(modules: [String]) throws {
        let root = try TestCaptures.root(kernel: "7.3.4", scenario: "no-region", "topology")
        #expect(try Tool.run(["predict", "--all-orders"] + modules, on: root).status == 64)
    }
}
