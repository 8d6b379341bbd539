"""The setup of commands: a cache for compiled programs, and memory that is kept."""

import os
import subprocess
import sys

import jax
import pytest
from jax.experimental.compilation_cache.compilation_cache import reset_cache

from ganjax import runtime
from ganjax.core import init_state, state_digest
from ganjax.runtime import keep_freed_memory
from ganjax.training import compiled_step
from tests import tiny
from tests.compilations import count_compilations

CACHE = "jax_compilation_cache_dir"
READ = "/jax/compilation_cache/cache_retrieval_time_sec"


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


def test_programs_that_were_not_used_for_long_are_removed(tmp_path):
    """Of four files of 100 bytes, 250 bytes keep the two that were used last: one was
    read lately, the other one was written lately."""
    for name, written, read in (("a", 1, 1), ("b", 2, 9), ("c", 3, 3), ("d", 8, 8)):
        (tmp_path / name).write_bytes(bytes(100))
        os.utime(tmp_path / name, (read, written))
    runtime.remove_unused(tmp_path, 400)
    assert len(list(tmp_path.iterdir())) == 4
    runtime.remove_unused(tmp_path, 250)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b", "d"]
    runtime.remove_unused(tmp_path / "missing", 0)


def test_short_programs_are_kept_unless_the_user_sets_a_time(monkeypatch):
    name = "jax_persistent_cache_min_compile_time_secs"
    before = getattr(jax.config, name)
    monkeypatch.setattr(runtime, "keep_freed_memory", lambda: None)
    try:
        for set_by_user, expected in (("3", 3.0), (None, 0.0)):
            if set_by_user is None:
                monkeypatch.delenv(name.upper(), raising=False)
            else:
                monkeypatch.setenv(name.upper(), set_by_user)
            jax.config.update(name, 3.0)
            runtime.prepare()
            assert getattr(jax.config, name) == expected
    finally:
        jax.config.update(name, before)


def test_a_kept_program_computes_the_same_bits(tmp_path):
    """Two programs train the same seed: one is compiled, one is read from the disk."""
    before = getattr(jax.config, CACHE)
    jax.config.update(CACHE, str(tmp_path))
    reset_cache()
    try:
        setup, digests, reads, kept = tiny.setup("gan"), [], [], []
        for _ in range(2):
            jax.clear_caches()
            with count_compilations(READ) as read:
                advance = compiled_step(setup.game, setup.feed, setup.plan)
                state = init_state(setup.game, jax.random.key(0), setup.knobs)
                for _ in range(3):
                    state, _ = advance(state, setup.feed.data)
            digests.append(state_digest(state))
            reads.append(len(read))
            kept.append(sorted(path.name for path in tmp_path.iterdir()))
    finally:
        jax.config.update(CACHE, before)
        reset_cache()
    assert digests[0] == digests[1]
    assert kept[0] == kept[1] and any("many" in name for name in kept[0])
    assert reads[1] >= len(kept[0]) > reads[0]


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
