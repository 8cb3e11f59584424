import Glibc
import LinuxSystem
import Testing

@testable import Kmod

/// Answers that no kernel can be made to give in a test.
struct KernelAnswerTests {
    @Test(arguments: [
        (EPERM, KmodError.Code.notPermitted), (ENOSYS, .unsupported), (ENOEXEC, .rejected), (ENOENT, .rejected),
        (EKEYREJECTED, .rejected), (EBUSY, .busy), (EINTR, .failed), (ENODEV, .failed),
    ])
    func insertion(_ number: Int32, _ code: KmodError.Code) {
        let error = KmodError.insertion(of: "dax_hmem", errno: number, modulesDisabled: false)
        #expect(error.code == code)
        #expect(error.cause == ErrorNumber(number))
    }

    @Test func disabledIsNotAQuestionOfPrivilege() {
        #expect(KmodError.insertion(of: "a", errno: EPERM, modulesDisabled: true).code == .disabled)
        #expect(removal(EPERM, modulesDisabled: true).code == .disabled)
    }

    private func removal(
        _ number: Int32,
        _ state: ModuleState = .live,
        holders: [String] = [],
        modulesDisabled: Bool = false
    ) -> KmodError {
        .removal(of: "dax_hmem", errno: number, state: state, holders: holders, modulesDisabled: modulesDisabled)
    }

    @Test func removalOfWhatIsHeld() {
        let error = removal(EWOULDBLOCK, holders: ["dax_cxl"])
        #expect(error.code == .inUse(holders: ["dax_cxl"]))
        #expect(error.message == "dax_hmem is in use by dax_cxl")
        #expect(error.description == "dax_hmem is in use by dax_cxl: EAGAIN (Resource temporarily unavailable)")
        #expect(removal(EAGAIN).message == "dax_hmem is in use")
    }

    @Test(arguments: [
        (ENOENT, ModuleState.absent, KmodError.Code.notLoaded), (ENOENT, .coming, .builtin), (EBUSY, .live, .permanent),
        (EBUSY, .going, .busy),
        (EBUSY, .coming, .busy), (EPERM, .live, .notPermitted), (ENOSYS, .live, .unsupported), (EINTR, .live, .failed),
    ])
    func removal(_ number: Int32, _ state: ModuleState, _ code: KmodError.Code) {
        #expect(removal(number, state).code == code)
    }

    @Test func unknownNumbersHaveAName() {
        #expect(ErrorNumber(EBUSY).name == "EBUSY")
        #expect(ErrorNumber(517).name == "EPROBE_DEFER")
        #expect(ErrorNumber(9999).name == "errno 9999")
    }
}
