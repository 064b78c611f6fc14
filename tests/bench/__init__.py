"""Benchmarks: measurements against other programs on the same machine in the same run. Not part of the tests."""
