"""What content-api costs. `make bench` prints the tables of docs/performance.md.

What is named `test_…` here tests the benchmark itself: that it measures what it says, and stops.
"""
