"""The setup of commands: a cache for compiled programs, and memory that is kept."""

import subprocess
import sys

import jax
import pytest

from ganjax import runtime
from ganjax.runtime import keep_freed_memory

CACHE = "jax_compilation_cache_dir"


@pytest.mark.parametrize(
    ("variables", "cache", "expected"),
    [
        ({"XDG_CACHE_HOME": "/caches"}, "", "/caches/ganjax/xla"),
        (
            {"XDG_CACHE_HOME": "", "HOME": "/home/me"},
            "",
            "/home/me/.cache/ganjax/xla",
        ),
        ({}, "/mine", "/mine"),
    ],
)
def test_compiled_programs_have_a_place(variables, cache, expected, monkeypatch):
    monkeypatch.setattr(runtime, "keep_freed_memory", lambda: None)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    before = getattr(jax.config, CACHE)
    jax.config.update(CACHE, cache)
    try:
        runtime.prepare()
        assert getattr(jax.config, CACHE) == expected
    finally:
        jax.config.update(CACHE, before)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's setting")
def test_freed_blocks_are_not_given_back():
    """A freed block of 256 MiB is reused by the next block, so the second block takes
    almost no pages from the kernel."""
    program = """
import resource
import numpy as np
from ganjax.runtime import keep_freed_memory
assert keep_freed_memory()
def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
np.ones(2**25).sum()
before = faults()
np.ones(2**25).sum()
print(faults() - before)
"""
    asked = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert int(asked.stdout) < 2**28 / 4096 / 100


def test_it_says_whether_it_could(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not keep_freed_memory()
