"""Every test sees four host devices and strict ranks; slow ones are asked for."""

import gc
import os
import tempfile

os.environ.setdefault("XLA_FLAGS", "--xla_force_host_platform_device_count=4")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Of this session alone, and shared with the processes that it starts.
if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
    _cache = tempfile.TemporaryDirectory(prefix="ganjax-tests-")
    os.environ["JAX_COMPILATION_CACHE_DIR"] = _cache.name
    os.environ["JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS"] = "0"

import jax  # noqa: E402
import pytest  # noqa: E402

# Tracing makes millions of small objects, and to go through them all is a sixth of it.
gc.set_threshold(200_000, 50, 100)

# [n] against [n, 1] would broadcast to [n, n] without a word.
jax.config.update("jax_numpy_rank_promotion", "raise")


def pytest_addoption(parser):
    parser.addoption("--full", action="store_true", help="run the slow tests as well")


def pytest_configure(config):
    """Most of the time goes into compiling programs that then run for milliseconds, so
    by default machine code is made in haste: XLA's passes are the same, but the last,
    which turns loops into code, and LLVM's."""
    if not config.getoption("--full"):
        os.environ["XLA_FLAGS"] += (
            " --xla_backend_optimization_level=0"
            " --xla_llvm_disable_expensive_passes=true"
        )
        if jax.__version_info__ < (0, 11):  # later ones do not know this flag
            os.environ["XLA_FLAGS"] += " --xla_cpu_use_fusion_emitters=false"


def pytest_collection_modifyitems(config, items):
    if config.getoption("--full"):
        return
    skip = pytest.mark.skip(reason="slow: runs with scripts/test.sh --full")
    for item in items:
        if "full" in item.keywords:
            item.add_marker(skip)
