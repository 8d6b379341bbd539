"""Sweeps: run the trials of a config's ``sweep()`` in as few compiled programs as
possible, and report their scores. ``ganjax.sweeps.sweep.Sweep`` is the entry point."""
