"""Configs: complete and check what a config file states, and list all fields."""

from ganjax.config.resolve import Choice, declared, flatten, imports, knobs, resolve

__all__ = ["Choice", "declared", "flatten", "imports", "knobs", "resolve"]
