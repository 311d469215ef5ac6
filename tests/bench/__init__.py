"""What content-api costs. `make bench` prints the tables of docs/performance.md; nothing here is a test."""
