"""Sweeps: train variants of a config (trials) in few compiled programs, report scores.

The function ``sweep()`` of a config file lists the trials. Trials that differ only in
their seed and in numbers such as learning rates can share a compiled program. Start at
``ganjax.sweeps.sweep.Sweep``.
"""
