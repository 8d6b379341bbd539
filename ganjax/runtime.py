"""Settings that a command makes in its process before it computes."""

import ctypes
import os
import sys
from pathlib import Path

import jax

# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_ARENA_MAX = -8


def prepare() -> None:
    """Keep compiled programs on the disk, and freed memory in the process.

    The programs go to ``ganjax/xla`` in the user's cache folder, unless JAX has another
    cache (``JAX_COMPILATION_CACHE_DIR``).
    """
    if not jax.config.jax_compilation_cache_dir:
        caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        jax.config.update(
            "jax_compilation_cache_dir", str(Path(caches) / "ganjax" / "xla")
        )
    keep_freed_memory()


def keep_freed_memory() -> bool:
    """Let the process keep freed memory and reuse it for new blocks of up to 1 GiB.
    Call this before JAX starts its threads.

    XLA's CPU backend allocates new temporary arrays in every call of a compiled
    program. By default glibc maps large blocks and unmaps them again. A fresh page from
    the kernel costs as much as the computation on it: a DCGAN step was 1.7 times
    slower. All threads share one heap, because a heap for each thread cannot hold a
    block above 64 MiB.

    Returns:
      Whether the C library supports the setting (glibc on Linux does).
    """
    if not sys.platform.startswith("linux"):
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return False
    most = ctypes.c_int(2**31 - 1)
    return bool(
        library.mallopt(_ARENA_MAX, 1)
        and library.mallopt(_MMAP_THRESHOLD, 2**30)
        and library.mallopt(_TRIM_THRESHOLD, most)
    )
