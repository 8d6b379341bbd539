"""The page of a sweep: one file, or a file and a folder that it loads from."""

import base64
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ganjax.errors import naming
from ganjax.report.comparison import differing_fields
from ganjax.report.embedding import to_json
from ganjax.report.page import PICTURE_WIDTH, environment, size_of
from ganjax.report.sweep_curves import curves
from ganjax.report.sweep_data import page_data
from ganjax.report.sweep_records import SweepRecords, TrialRecords
from ganjax.report.sweep_table import shown_axes, table
from ganjax.run_files import REPORT, write_whole

# The largest page in one file, in bytes.
LIMIT = 10_000_000
# The folder of the other files, and the bytes of one file of curves.
FOLDER, CHUNK = "report_files", 200_000


@dataclass(frozen=True)
class Picture:
    """The newest samples of one trial of a setting: the trial, the step, the length of
    the PNG file, and whether the page enlarges its pixels.

    The content is read again when it is written, because thousands of pictures may not
    fit into memory."""

    trial: TrialRecords
    step: int
    length: int
    enlarged: bool

    def content(self) -> bytes:
        _, content = self.trial.picture()
        return content


class SweepPage:
    """The parts of the page about a sweep, as text for HTML and for files.

    Args:
      records: the sweep.
    """

    def __init__(self, records: SweepRecords):
        self._records = records
        self._notes: list[str] = []
        self._rows = table(records)
        self._data = page_data(records, self._rows)
        shown = set(shown_axes(records))
        self._following = [field for field in records.axes if field not in shown]
        self._place = {id(t): i for i, t in enumerate(records.trials)}
        self.pictures = self._read_pictures()

    @cached_property
    def curves(self) -> dict[str, Any]:
        return curves(self._records.trials)

    def whole(self) -> str:
        """Return the page as one file, with all curves and pictures."""
        return self._html(self._pictures_in(self.pictures), curves=self.curves)

    @property
    def parts(self) -> int:
        """Return the bytes of all curves and pictures in a page in one file."""
        curves = sum(len(text) for _, text in self.curves["trials"].values())
        return curves + sum(4 * x.length // 3 for x in self.pictures.values())

    def split(self, limit: int) -> tuple[str, dict[str, Callable[[], bytes]]]:
        """Return the page without curves, and the files that it loads: name -> a
        function that returns the content.

        The pictures of the best settings stay in the page while it has at most
        ``limit`` bytes.
        """
        files: dict[str, Callable[[], bytes]] = {}
        chunks = self._chunks(files)
        left = limit - len(self._html({}, chunks=chunks).encode())
        kept = {}
        for setting in self._ranked():
            picture = self.pictures[setting]
            left -= 4 * picture.length // 3 + 200
            if left >= 0:
                kept[setting] = picture
            else:
                files[f"samples_{setting:05d}.png"] = picture.content
        return self._html(self._pictures_in(kept), chunks=chunks), files

    def _chunks(self, files: dict[str, Callable[[], bytes]]) -> list[int]:
        """Add files of curves, and return the number of the file of each setting."""
        chunks, trials, size, number = [], [], 0, 0
        everything = self.curves["trials"]
        for row in self._rows:
            chunks.append(number)
            trials += row.trials
            size += sum(len(everything[t.id][1]) for t in row.trials
                        if t.id in everything)  # fmt: skip
            if size >= CHUNK or row is self._rows[-1]:
                content = f"ganjaxCurves({number},{to_json(curves(trials))})\n"
                files[f"curves_{number:05d}.js"] = content.encode
                trials, size, number = [], 0, number + 1
        return chunks

    def _ranked(self) -> list[int]:
        """Return the settings with pictures, sorted by the first score that has a
        better direction."""
        order = list(self.pictures)
        for score in self._data["scores"]:
            if sign := score["direction"]:
                means = [row and float(row[0]) for row in score["settings"]]
                return sorted(
                    order, key=lambda i: (means[i] is None, -sign * (means[i] or 0.0))
                )
        return order

    def _read_pictures(self) -> dict[int, Picture]:
        """Return the samples of each setting's first trial that has any."""
        found = {}
        for i, row in enumerate(self._rows):
            for trial in row.trials:
                if newest := trial.picture():
                    step, content = newest
                    size = size_of(content)
                    if size is None:
                        self._notes.append(
                            f"the samples of trial {trial.id} at step {step} are not a "
                            f"readable picture"
                        )
                    else:
                        small = 2 * size[0] <= PICTURE_WIDTH
                        found[i] = Picture(trial, step, len(content), small)
                    break
        return found

    def _pictures_in(self, kept: dict[int, Picture]) -> dict[int, str]:
        return {
            i: base64.b64encode(picture.content()).decode("ascii")
            for i, picture in kept.items()
        }

    def _html(
        self, embedded: dict[int, str], curves: dict | None = None, chunks=None
    ) -> str:
        records = self._records
        states = [trial.state for trial in records.trials]
        about = {
            i: {
                "trial": self._place[id(picture.trial)],
                "step": picture.step,
                "crisp": picture.enlarged,
                "file": None if i in embedded else f"{FOLDER}/samples_{i:05d}.png",
            }
            for i, picture in self.pictures.items()
        }
        return (
            environment()
            .get_template("sweep.html")
            .render(
                name=records.name,
                state=_state(states),
                facts=[
                    (f"{len(states):,}", "trials"),
                    (f"{len(self._rows):,}", "settings"),
                    *((f"{states.count(s):,}", s) for s in dict.fromkeys(states)),
                ],
                notes=[*self._notes, *_protocols(records)],
                following=self._following,
                data=to_json(
                    self._data
                    | {"pictures": about, "chunks": chunks}
                    | {"curves": len(self.curves["trials"])}
                ),
                curves=to_json(curves),
                pictures=to_json(embedded),
                folder=FOLDER,
            )
        )


def write_page(folder: Path, page: SweepPage) -> Path:
    """Write ``report.html`` into a sweep's folder and return its path.

    A page above ``LIMIT`` is split. Its other files are in the folder ``report_files``,
    which replaces the folder of an earlier report. A page in one file removes it.
    """
    text, files = (page.whole(), {}) if page.parts <= LIMIT else ("", {})
    if not text or len(text.encode()) > LIMIT:
        text, files = page.split(LIMIT)
    part = folder / f".{FOLDER}.tmp"
    shutil.rmtree(part, ignore_errors=True)
    try:
        if files:
            part.mkdir(parents=True)
            for name, content in files.items():
                with naming(part / name):
                    (part / name).write_bytes(content())
        shutil.rmtree(folder / FOLDER, ignore_errors=True)
        if files:
            part.replace(folder / FOLDER)
    except BaseException:  # the parts may fill the disk
        shutil.rmtree(part, ignore_errors=True)
        raise
    return write_whole(folder / REPORT, text)


def _state(states: list[str]) -> str:
    """Return the state of a sweep from the states of its trials. While a program runs,
    its trials are running; an interrupted sweep has none."""
    for state in ("running", "failed", "interrupted"):
        if state in states:
            return state
    return "finished" if set(states) == {"finished"} else "running"


def _protocols(records: SweepRecords) -> list[str]:
    """Return a note if the scores of two trials were computed in different ways."""
    protocols = [t.protocol for t in records.trials if t.protocol]
    for protocol in protocols[1:]:
        if found := differing_fields(protocols[0], protocol):
            return [f"The scores have different protocols: {', '.join(found)}."]
    return []
