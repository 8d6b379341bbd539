"""Speed of ganjax compared with other programs. Run by ``scripts/benchmark.py``.

Each row gives ratios of times. All programs of a row are timed in turns on one machine.
"""
