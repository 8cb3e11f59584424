internal import Glibc

/// The value of a variable of this process's environment; nil if it is not set.
///
/// FoundationEssentials would make a dictionary of all variables at each look.
package func environmentVariable(_ name: String) -> String? {
    unsafe getenv(name).map { unsafe String(cString: $0) }
}
