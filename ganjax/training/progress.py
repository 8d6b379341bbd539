"""Progress of a run: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Mapping

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from ganjax.streams import LastingStream, show

# Plain lines go to a log, so they are less frequent than updates of a bar.
_SECONDS_BETWEEN_LINES = 5.0


class ProgressReport:
    """Display of steps, rate, time left and losses; a context manager.

    Args:
      steps: number of steps in the run.
      start: the step at which the run starts or resumes.
    """

    def __init__(self, steps: int, start: int):
        self._steps = steps
        self._bar = None
        self._last_line = 0.0
        if sys.stderr is not None and sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("step {task.completed:.0f}/{task.total:.0f}"),
                BarColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[losses]}"),
                console=Console(file=LastingStream(sys.stderr)),
            )
            self._task = self._bar.add_task(
                "train", total=steps, completed=start, rate="compiling", losses=""
            )

    def __enter__(self) -> "ProgressReport":
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *_) -> None:
        if self._bar:
            self._bar.stop()

    def say(self, text: str) -> None:
        """Print one line of text."""
        if self._bar:
            self._bar.console.print(text, highlight=False)
        else:
            show(text)

    def update(
        self, step: int, rates: Mapping[str, float], row: Mapping[str, float]
    ) -> None:
        """Show the newest step, its rates and its losses.

        Args:
          rates: ``steps_per_second`` and ``images_per_second``.
          row: the metrics at ``step``. Those with names ``PLAYER/loss`` are shown.
        """
        speed = f"{rates['steps_per_second']:.1f} steps/s"
        speed += f", {rates['images_per_second']:.0f} images/s"
        losses = ", ".join(
            f"{name.removesuffix('/loss')} {value:.3f}"
            for name, value in row.items()
            if name.endswith("/loss")
        )
        if self._bar:
            self._bar.update(self._task, completed=step, rate=speed, losses=losses)
            return
        now = time.monotonic()
        if step < self._steps and now - self._last_line < _SECONDS_BETWEEN_LINES:
            return
        self._last_line = now
        left = (self._steps - step) / max(rates["steps_per_second"], 1e-9)
        self.say(f"step {step}/{self._steps}  {speed}, {left:.0f} s left  {losses}")
