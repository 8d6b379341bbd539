"""Sweeps: a grid of trials in as few compiled programs as it takes, from a config's
``sweep()`` to a table."""

from ganjax.sweeps.planner import WAYS
from ganjax.sweeps.sweep import Sweep

__all__ = ["WAYS", "Sweep"]
