"""One run over several processes, each with devices of its own.

All of them compute; the first one alone writes. They must leave the loop at the same
step, or the others would wait for ever for what is not computed any more.
"""

import jax
import numpy as np
from jax.experimental import multihost_utils

from ganjax.errors import BadInput


def join(coordinator: str, processes: int, process: int) -> None:
    """Makes this process one of several, before it has asked for a device.

    Args:
      coordinator: ``HOST:PORT`` of the first process, or ``'auto'`` where a cluster
        says everything (SLURM, Open MPI, Cloud TPU).
      processes, process: how many, and which one this is, without ``'auto'``.

    Raises:
      BadInput: if they cannot meet.
    """
    try:
        if coordinator == "auto":
            jax.distributed.initialize()
        else:
            jax.distributed.initialize(coordinator, processes, process)
    except (RuntimeError, ValueError) as error:
        raise BadInput(f"--coordinator={coordinator}: {error}") from error


def agreed(code: int) -> int:
    """The largest of the processes' codes, or if none is above 0 the least."""
    if jax.process_count() == 1:
        return code
    codes = multihost_utils.process_allgather(np.int32(code))
    return int(codes.max() if codes.max() > 0 else codes.min())


def barrier(name: str) -> None:
    """Waits until every process is here."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(name)
