"""Speed of ganjax compared with other programs. Run by ``scripts/benchmark.py``.

A row is a named set of comparisons, and each comparison gives ratios of times. All
programs of a row are timed in turns on one machine.
"""
