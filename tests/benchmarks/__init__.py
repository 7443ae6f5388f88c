"""Measurements of speed, each beside the limit that the same machine sets: `python -m tests.benchmarks NAME`."""
