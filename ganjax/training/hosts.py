"""One run over several processes, each with its own devices.

All processes compute, and only the first one writes. All must leave the loop at the
same step: otherwise the rest would wait forever for the processes that stopped.
"""

import jax
import numpy as np
from jax.experimental import multihost_utils

from ganjax.errors import BadInput


def join(coordinator: str, processes: int, process: int) -> None:
    """Make this process one of several that run one training. Call this before any
    device is used.

    Args:
      coordinator: ``HOST:PORT`` of the first process, or ``'auto'`` if a cluster
        provides all settings (SLURM, Open MPI, Cloud TPU).
      processes: number of processes; not used with ``'auto'``.
      process: index of this process; not used with ``'auto'``.

    Raises:
      BadInput: if the processes cannot connect.
    """
    try:
        if coordinator == "auto":
            jax.distributed.initialize()
        else:
            jax.distributed.initialize(coordinator, processes, process)
    except (RuntimeError, ValueError) as error:
        raise BadInput(
            f"--coordinator={coordinator}: the processes cannot connect ({error})"
        ) from error


def agreed(code: int) -> int:
    """Return one code for all processes, so that they all decide the same.

    Args:
      code: the code of this process: a positive number asks to stop, 0 to continue, and
        a negative number says that nothing is left to do.

    Returns:
      The largest code if one is positive, otherwise the smallest.
    """
    if jax.process_count() == 1:
        return code
    codes = multihost_utils.process_allgather(np.int32(code))
    return int(codes.max() if codes.max() > 0 else codes.min())


def barrier(name: str) -> None:
    """Wait until every process has reached this call."""
    if jax.process_count() > 1:
        multihost_utils.sync_global_devices(name)
