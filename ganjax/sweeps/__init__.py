"""Sweeps: a grid of trials in as few compiled programs as it takes, from a config's
``sweep()`` to a table. ``ganjax.sweeps.sweep.Sweep`` is the whole of it."""
