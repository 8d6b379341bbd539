"""Real faults, made on real processes, and what ganjax does after them.

A row is a kind of fault with what must happen. A case is one fault on one run: it
returns a few words about what happened, or raises ``Fell`` if this is not what must
happen. ``scripts/fault_table.py`` runs the cases and writes ``docs/faults.md``.
"""
