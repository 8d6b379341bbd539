"""Configs: from what a file states to a full, checked config, and what it declares."""

from ganjax.config.resolve import differences, imports, resolve, to_json
from ganjax.config.schema import declared, flatten, knobs, knobs_on

__all__ = [
    "declared", "differences", "flatten", "imports", "knobs", "knobs_on", "resolve",
    "to_json",
]  # fmt: skip
