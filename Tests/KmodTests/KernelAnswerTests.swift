import Glibc
import LinuxSystem
import Testing

@testable import Kmod

/// Answers that no kernel can be made to give in a test.
struct KernelAnswerTests {
    @Test(arguments: [
        (EPERM, KmodError.Code.notPermitted, false), (ENOSYS, .unsupported, false), (ENOEXEC, .rejected, false),
        (ENOENT, .rejected, false), (EKEYREJECTED, .rejected, false), (EBUSY, .busy, true), (EINTR, .failed, true),
        (ENOMEM, .failed, true), (ENODEV, .failed, false), (EINVAL, .failed, false),
    ])
    func insertion(_ number: Int32, _ code: KmodError.Code, _ isRetryable: Bool) {
        let error = KmodError.insertion(of: "dax_hmem", errno: number, modulesDisabled: false)
        #expect(error.code == code)
        #expect(error.isRetryable == isRetryable)
        #expect(error.cause == ErrorNumber(number))
    }

    @Test func disabledIsNotAQuestionOfPrivilege() {
        #expect(KmodError.insertion(of: "a", errno: EPERM, modulesDisabled: true).code == .disabled)
        let absent = ModuleReading(state: .live, references: 0, holders: [])
        #expect(KmodError.removal(of: "a", errno: EPERM, found: absent, modulesDisabled: true).code == .disabled)
    }

    @Test func removalOfWhatIsHeld() {
        let held = ModuleReading(state: .live, references: 2, holders: ["dax_cxl"])
        let error = KmodError.removal(of: "dax_hmem", errno: EWOULDBLOCK, found: held, modulesDisabled: false)
        #expect(error.code == .inUse(holders: ["dax_cxl"], references: 2))
        #expect(error.message == "dax_hmem is in use by dax_cxl")
        #expect(error.description == "dax_hmem is in use by dax_cxl: EAGAIN (Resource temporarily unavailable)")
        #expect(!error.isRetryable)

        let open = ModuleReading(state: .live, references: 1, holders: [])
        let busy = KmodError.removal(of: "device_dax", errno: EAGAIN, found: open, modulesDisabled: false)
        #expect(busy.code == .inUse(holders: [], references: 1))
        #expect(busy.isRetryable)
    }

    @Test(arguments: [
        (ENOENT, ModuleState.absent, KmodError.Code.notLoaded), (EBUSY, .live, .permanent), (EBUSY, .going, .busy),
        (EBUSY, .coming, .busy), (EPERM, .live, .notPermitted), (ENOSYS, .live, .unsupported), (EINTR, .live, .failed),
    ])
    func removal(_ number: Int32, _ state: ModuleState, _ code: KmodError.Code) {
        let found = ModuleReading(state: state, references: nil, holders: [])
        #expect(KmodError.removal(of: "a", errno: number, found: found, modulesDisabled: false).code == code)
    }

    @Test func unknownNumbersHaveAName() {
        #expect(ErrorNumber(EBUSY).name == "EBUSY")
        #expect(ErrorNumber(517).name == "EPROBE_DEFER")
        #expect(ErrorNumber(9999).name == "errno 9999")
    }
}
