import Foundation
import Inspection
import Machine
import TestCaptures
import Testing

@testable import daxswitch

@Suite("10: users of a dax device that are hard to see, in a recording")
struct HiddenUsersTests {
    @Test("a recording of the machine names the users that the machine has") func roundTrip() throws {
        let root = try TestCaptures.copy(
            TestCaptures.root(kernel: "6.12.107-firmware", scenario: "auto-acpi-never", "02-device_dax")
        )
        // A mapping behind one whose name ends in a carriage return.
        let line = "-2000 rw-s 0 08:01 5                          /tmp/a\r\n"
        let mapping = "2000-3000 rw-s 0 00:05 9                          /dev/dax0.0\n"
        try root.write("1000\(line)\(mapping)", to: "/proc/7/maps")
        // Main threads that have ended: one task has the device open, one has it mapped.
        try root.write("", to: "/proc/8/task/9/fd/none")
        try FileManager.default.removeItem(at: root.url("/proc/8/task/9/fd/none"))
        try FileManager.default.createSymbolicLink(
            atPath: root.url("/proc/8/task/9/fd/3").path,
            withDestinationPath: "/dev/dax0.0"
        )
        try root.write(mapping, to: "/proc/11/task/12/maps")
        for process in [7, 8, 11] { try root.write("db\n", to: "/proc/\(process)/comm") }
        let users = try Inspector(root: root.path).read().daxDevices.flatMap(\.users)
        #expect(users.map(\.pid) == [7, 8, 11] && users.map(\.isMapped) == [true, false, true])
        let directory = TestCaptures.newDirectory()
        try CaptureTarget(directory).write(Collector(root: root.path).record(), noting: nil)
        #expect(try Inspector(root: directory).read().daxDevices.flatMap(\.users) == users)
    }
}
