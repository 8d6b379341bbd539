"""Settings that a command makes in its process before it computes, and its caches."""

import contextlib
import ctypes
import os
import sys
from pathlib import Path

import jax

# Bytes of compiled programs to keep. A convolutional game needs about 10 MB.
CACHE_LIMIT = 2 * 2**30
# Parameters of glibc's mallopt(3).
_TRIM_THRESHOLD = -1
_MMAP_THRESHOLD = -3
_ARENA_MAX = -8


def prepare() -> None:
    """Keep compiled programs on the disk, and freed memory in the process.

    The programs go to the folder ``xla`` in ``cache_folder()``, unless JAX has another
    cache (``JAX_COMPILATION_CACHE_DIR``). If the folder holds more than ``CACHE_LIMIT``
    bytes, the programs that were not used for the longest time are removed.
    """
    if not jax.config.jax_compilation_cache_dir:
        programs = cache_folder() / "xla"
        jax.config.update("jax_compilation_cache_dir", str(programs))
        remove_unused(programs, CACHE_LIMIT)
    if "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS" not in os.environ:
        # JAX's default keeps only programs that compile for a second. A run of a small
        # game has dozens of shorter ones.
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    keep_freed_memory()


def cache_folder() -> Path:
    """Return ganjax's folder in the user's cache folder: ``$XDG_CACHE_HOME/ganjax`` or
    ``~/.cache/ganjax``."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(caches) / "ganjax"


def remove_unused(folder: Path, limit: int) -> None:
    """Remove files of a folder, those not read for the longest time first, until the
    folder has at most ``limit`` bytes.

    JAX's own limit (``JAX_COMPILATION_CACHE_MAX_SIZE``) needs the package filelock, and
    reads the times of all files whenever it adds one.
    """
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        used = []
        for entry in os.scandir(folder):
            # Another process may remove the same file.
            with contextlib.suppress(FileNotFoundError):
                about = entry.stat()
                last = max(about.st_atime, about.st_mtime)
                used.append((last, about.st_size, entry.path))
        size = sum(bytes for _, bytes, _ in used)
        for _, bytes, path in sorted(used):
            if size <= limit:
                break
            with contextlib.suppress(OSError):
                os.unlink(path)
                size -= bytes


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
