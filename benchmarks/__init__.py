"""How fast ganjax is against what else there is: rows of measurements, each a ratio of
times taken in turns on one machine. Run by ``scripts/benchmark.py``."""
