"""The interop matrix: every combination of algorithms that both ends and the kernel have, each with real traffic."""
