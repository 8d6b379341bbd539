"""Configs: from what a file states to a full, checked config, and what it declares."""

from ganjax.config.resolve import Choice, declared, flatten, imports, knobs, resolve

__all__ = ["Choice", "declared", "flatten", "imports", "knobs", "resolve"]
