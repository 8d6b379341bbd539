"""The records of runs that are trained together, in one folder."""

import contextlib
import zipfile
import zlib
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from ganjax.core import GameState
from ganjax.data import as_bytes
from ganjax.population_files import PopulationRecords
from ganjax.run_files import write_json
from ganjax.training.archive import Archive
from ganjax.training.best import values_of_score
from ganjax.training.checkpoint import Checkpoints
from ganjax.training.checkpoint_folders import damage, remove, step_folders
from ganjax.training.history import add_start, read_history, whole_carrier
from ganjax.training.plan import Plan
from ganjax.training.population_checkpoints import (
    PopulationCheckpoints,
    forget,
    own_steps,
)
from ganjax.training.population_directory import PopulationDirectory
from ganjax.training.rewind import rewind
from ganjax.training.rows import RowFile


class PopulationArchive(Archive):
    """The records of the members of a population.

    Args:
      files: the folder of the population.
      ids: the id of the member at each place.
      about: facts about this start of the population, for its history.
      lost: id -> the status of a member that has ended, if status.json is lost.
    """

    def __init__(
        self,
        files: PopulationDirectory,
        ids: Sequence[str],
        plan: Plan,
        about: Mapping[str, Any] | None = None,
        lost: Mapping[str, dict[str, Any]] | None = None,
    ):
        self.files, self.plan, self._ids = files, plan, list(ids)
        self._about, self._lost = dict(about or {}), dict(lost or {})
        self.say, self.path = files.say, files.path
        keep = plan.checkpoint.keep
        self._checkpoints = PopulationCheckpoints(
            Checkpoints(files.checkpoints, keep, files.say, files.reached)
        )
        self._best: PopulationCheckpoints | None = None
        self._rows: RowFile | None = None
        self._times: RowFile | None = None

    def __enter__(self) -> "PopulationArchive":
        return self

    def __exit__(self, *error) -> None:
        # Closed in reverse order, each also after an error of another one.
        with contextlib.ExitStack() as closing:
            for part in (self._checkpoints, self._best):
                if part:
                    closing.callback(part.checkpoints.__exit__, *error)
            for file in (self._rows, self._times):
                if file:
                    closing.callback(file.close)

    def restore(self, fresh: Sequence[GameState]) -> GameState | None:
        return self._checkpoints.restore(fresh)

    def begin(
        self,
        step: int,
        restored: bool,
        real: np.ndarray,
        places: Collection[int],
        counts: Mapping[str, Any] | None = None,
    ) -> None:
        files = self.files
        if restored:
            files.say(f"resuming from step {step}")
        ended = files.ended | self._lost
        ended = {k: v for k, v in ended.items() if v.get("diverged")}
        about = self._about | dict(counts or {}) | {"carrier": self.plan.described()}
        add_start(files.history, step, about)
        self._carrier = whole_carrier(read_history(files.history))
        for line in rewind(files, step, self.plan, self.scored(step, places)):
            files.say(line)
        files.real.parent.mkdir(exist_ok=True)
        np.save(files.real, stored(real))
        self._rows, self._times = RowFile(files.metrics), RowFile(files.timing)
        more = {"steps": self.plan.steps, "carrier": self._carrier}
        files.write_status("running", step, ended, **more)

    def metrics(
        self, step: int, values: Mapping[str, np.ndarray], places: Collection[int]
    ) -> dict[str, float]:
        live = set(places)
        row = {
            name: [float(x) if i in live else None for i, x in enumerate(values[name])]
            for name in sorted(values)
        }
        self._rows.append({"step": step, **row})
        first = min(live, default=None)
        return {} if first is None else {name: x[first] for name, x in row.items()}

    def timing(self, step: int, values: Mapping[str, float]) -> None:
        self._times.append({"step": step, **values})

    def flush(self) -> None:
        self._rows.flush()
        self._times.flush()

    def scored(self, step: int, places: Collection[int]) -> bool:
        records = PopulationRecords(self.files)
        found = [records.scores(self._ids[place]).get(step) for place in places]
        return all(x is not None and not x.get("failed") for x in found)

    def score_rows(self, step: int, found: Mapping[int, Mapping[str, float]]) -> None:
        names = sorted({name for scores in found.values() for name in scores})
        every = [found.get(place, {}) for place in range(len(self._ids))]
        row = {f"evaluation/{k}": [x.get(k) for x in every] for k in names}
        if row:
            self._rows.append({"step": step, **row})
            self._rows.flush()

    def scores(self, step: int, found: Mapping[int, dict[str, Any]]) -> None:
        shared = next(iter(found.values()))["protocol"]
        write_json(
            self.files.evaluation(step),
            {
                "protocol": shared,
                "directions": {
                    k: v for x in found.values() for k, v in x["directions"].items()
                },
                "members": {
                    self._ids[place]: _own(one, shared) for place, one in found.items()
                },
            },
        )

    def earlier(self, place: int, score: str) -> list[tuple[int, float]]:
        rows = PopulationRecords(self.files).rows(self._ids[place])
        return values_of_score(rows, score)

    def keep_best(self, wanted: Mapping[int, int]) -> set[int]:
        for path in step_folders(self.files.best):
            if damage(path):
                remove(path)
        with Checkpoints(self.files.best) as best:
            steps = best.steps()
            held = own_steps(best, steps[-1]) if steps else {}
            stale = {i for i in wanted if i in held and held[i] != wanted[i]}
            if stale:
                forget(best, stale)
        return {i for i in wanted if held.get(i) == wanted[i]}

    def pictured(self, step: int) -> bool:
        try:
            with zipfile.ZipFile(self.files.samples(step)) as file:
                return file.testzip() is None
        except (OSError, zipfile.BadZipFile, zlib.error):
            return False

    def samples(self, step: int, found: Mapping[int, np.ndarray]) -> None:
        path = self.files.samples(step)
        path.parent.mkdir(exist_ok=True)
        part = path.with_name(f".{path.name}.tmp")
        arrays = {self._ids[place]: stored(x) for place, x in found.items()}
        with part.open("wb") as file:
            np.savez_compressed(file, **arrays)
        part.replace(path)

    def save(self, step: int, state: GameState, places: Collection[int]) -> None:
        self._checkpoints.save(step, state, places)

    def settle(self) -> None:
        self._checkpoints.checkpoints.finish()

    def save_best(self, step: int, state: GameState, places: Collection[int]) -> None:
        if self._best is None:
            best = Checkpoints(self.files.best, 1, self.files.say)
            self._best = PopulationCheckpoints(best)
        self._best.save(step, state, places)
        self._best.checkpoints.finish()

    def end(
        self,
        state: str,
        step: int,
        exit_reason: str,
        digests: Mapping[int, str],
        skipped: Mapping[int, int],
    ) -> None:
        records = PopulationRecords(self.files)
        ended = self.files.ended
        for place, digest in digests.items():
            name = self._ids[place]
            failed = records.failed_evaluations(name)
            more = {"failed_evaluations": failed} if failed else {}
            more |= {"skipped": skipped[place]} if skipped.get(place) else {}
            ended[name] = {"state_digest": digest, **more}
        self.files.write_status(
            state,
            step,
            ended,
            steps=self.plan.steps,
            exit_reason=exit_reason,
            carrier=self._carrier,
        )

    def fail(
        self, place: int, step: int, exit_reason: str, diverged: bool = False
    ) -> None:
        entry = {"state": "failed", "step": step, "exit_reason": exit_reason}
        more = {"diverged": True} if diverged else {}
        self.files.write_ended(self._ids[place], entry | more)

    def fail_all(self, step: int, exit_reason: str) -> None:
        ended = self.files.ended
        more = {"steps": self.plan.steps, "exit_reason": exit_reason}
        self.files.write_status("failed", step, ended, **more)


def stored(samples: np.ndarray) -> np.ndarray:
    """Return samples ``[n, …]`` as they are stored: images as uint8, which is what a
    picture shows, and points as float32."""
    if samples.ndim == 4:
        return as_bytes(np.nan_to_num(samples, nan=-1.0))
    return samples.astype(np.float32)


def _own(one, shared):
    """Return the entry of one member, with the part of its protocol that differs."""
    protocol = {k: v for k, v in one["protocol"].items() if shared.get(k, ...) != v}
    failed = {"failed": one["failed"]} if "failed" in one else {}
    return {"scores": one["scores"], "protocol": protocol, **failed}
