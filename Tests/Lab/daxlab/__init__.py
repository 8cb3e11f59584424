"""The lab: real kernels with emulated CXL memory, and judges who read them by themselves."""
