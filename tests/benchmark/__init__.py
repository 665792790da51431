"""The benchmark: every system side by side in one run, as ratios.

`python -m tests.benchmark` runs it and writes docs/benchmark.md.
"""
