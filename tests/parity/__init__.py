"""Parity: ganjax against the authors' own code, number by number.

``scripts/make_parity.py`` runs the authors' code (torch, on a CPU) and writes a fixture
for each row: its inputs, and the outputs, losses, gradients or movements that follow.
The modules ``oracles/*.py`` call that code. The modules ``rows_*.py`` compute the same
with ganjax, and the tests compare them, without torch. Parameters are not stored: both
sides fill them by the same rule (``rule.py``). ``python -m tests.parity.table`` writes
the table of all rows.
"""
