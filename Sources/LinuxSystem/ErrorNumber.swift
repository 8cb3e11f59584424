private import Glibc

/// An `errno` value: the answer of the kernel or of a C library.
package struct ErrorNumber: Sendable, Equatable, CustomStringConvertible {
    /// The positive number, as in `errno`.
    package let number: Int32

    /// `number` is positive; negative return values are negated before they come here.
    package init(_ number: Int32) {
        self.number = number
    }

    /// The macro's name, such as `EBUSY`; `errno 200` for one that no module call is known to return.
    package var name: String {
        // strerrorname_np() would do, but glibc has it only since 2.32.
        Self.names[number] ?? "errno \(number)"
    }

    /// The C library's words: `Device or resource busy`.
    package var text: String {
        guard let words = unsafe strerror(number) else { return name }
        return unsafe String(cString: words)
    }

    /// The name, then the words: `EBUSY (Device or resource busy)`.
    package var description: String { "\(name) (\(text))" }

    private static let names: [Int32: String] = [
        EPERM: "EPERM", ENOENT: "ENOENT", EINTR: "EINTR", EIO: "EIO", ENXIO: "ENXIO", E2BIG: "E2BIG",
        ENOEXEC: "ENOEXEC", EBADF: "EBADF", EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EACCES: "EACCES", EFAULT: "EFAULT",
        EBUSY: "EBUSY", EEXIST: "EEXIST", ENODEV: "ENODEV", ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", EINVAL: "EINVAL",
        ENFILE: "ENFILE", EMFILE: "EMFILE", ETXTBSY: "ETXTBSY", EFBIG: "EFBIG", ENOSPC: "ENOSPC", EROFS: "EROFS",
        ERANGE: "ERANGE", ENAMETOOLONG: "ENAMETOOLONG", ENOSYS: "ENOSYS", ELOOP: "ELOOP", ENODATA: "ENODATA",
        EBADMSG: "EBADMSG", EOVERFLOW: "EOVERFLOW", ELIBBAD: "ELIBBAD", EOPNOTSUPP: "EOPNOTSUPP",
        ETIMEDOUT: "ETIMEDOUT", ECANCELED: "ECANCELED", ENOKEY: "ENOKEY", EKEYEXPIRED: "EKEYEXPIRED",
        EKEYREVOKED: "EKEYREVOKED", EKEYREJECTED: "EKEYREJECTED", probeDefer: "EPROBE_DEFER",
    ]

    /// The kernel's own number for "a driver that is needed is not there yet"; `<errno.h>` leaves it out, but a
    /// module's initialisation may return it (include/linux/errno.h).
    private static let probeDefer: Int32 = 517
}
