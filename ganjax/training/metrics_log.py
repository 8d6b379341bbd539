"""The metrics of a run: metrics.jsonl, timing.jsonl and TensorBoard events.

metrics.jsonl is the source of truth. It contains no measured times, so a run that is
killed and resumed writes the same file as an uninterrupted run.
"""

import contextlib
from collections.abc import Mapping

import numpy as np
from PIL import Image
from tensorboardX import SummaryWriter

from ganjax.failures import naming
from ganjax.run_files import RunFiles
from ganjax.training.rows import RowFile


class MetricsLog:
    """Writer of metrics, measured times and pictures of a run; a context manager.

    Args:
      step: the step at which the run starts or resumes. Rows are appended to the files.
        TensorBoard discards existing events after this step.
    """

    def __init__(self, run: RunFiles, step: int):
        self._metrics, self._timing = RowFile(run.metrics), RowFile(run.timing)
        self._folder = run.events
        self._events = SummaryWriter(
            str(run.events), purge_step=step + 1 if step else None
        )

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(self, *_) -> None:
        with contextlib.ExitStack() as closing:  # each is closed, also after an error
            closing.enter_context(naming(self._folder))
            for part in (self._metrics, self._timing, self._events):
                closing.callback(part.close)

    def metrics(self, step: int, values: Mapping[str, float]) -> dict[str, float]:
        """Append one row of scalars to the log. Return the row as Python floats."""
        row = {name: float(value) for name, value in sorted(values.items())}
        self._metrics.append({"step": step, **row})
        for name, value in row.items():
            self._events.add_scalar(name, value, step)
        return row

    def timing(self, step: int, values: Mapping[str, float]) -> None:
        """Append one row of measured times and rates."""
        self._timing.append({"step": step, **values})

    def picture(self, step: int, name: str, picture: Image.Image) -> None:
        """Add a picture to the TensorBoard events."""
        pixels = np.asarray(picture.convert("RGB"))
        self._events.add_image(name, pixels, step, dataformats="HWC")

    def flush(self) -> None:
        """Write everything to the disk. Call this before a checkpoint is saved."""
        self._metrics.flush()
        self._timing.flush()
        with naming(self._folder):
            self._events.flush()
