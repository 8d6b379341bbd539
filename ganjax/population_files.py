"""The files of a population: runs that one program trains together (its members).

The records of all members are in shared files, so a population of 64 runs has about 20
files. ``ganjax.unpacking`` writes a member as the folder of an ordinary run.

members.json         the config of each member, and what run.json holds for a run
status.json          the state of the population, and how each member ended
environment.json, data.json, timing.jsonl, history.jsonl, train.log    as for a run
metrics.jsonl        a line for each step with rows: name -> a list, a value per member
evaluation/STEP.json    the scores of the members at a step
samples/             arrays of samples, from which pictures are drawn
checkpoints/STEP/    the states of all members, with a leading axis
best/STEP/           the same, for the best score of each member
"""

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import ganjax
from ganjax.run_files import (
    by_step,
    check_code,
    check_entries,
    check_format,
    read_json,
    read_rows,
    read_status,
    write_json,
)

FORMAT = 1
MEMBERS = "members.json"
# The types of the entries of members.json.
_MEMBER = {"values": dict, "command": str, "overrides": dict}
_RECORDED = {"config": dict, "members": {str: _MEMBER}}


class PopulationFiles:
    """The files of one population: their paths, as attributes, and methods that read
    and write them whole. ``PopulationRecords`` reads the records of one member.

    Args:
      path: folder of the population; it may be missing.
    """

    def __init__(self, path: Path | str):
        self.path = path = Path(path)
        self.record, self.status = path / MEMBERS, path / "status.json"
        self.mark = self.record  # a folder with this file holds a population
        self.environment, self.data = path / "environment.json", path / "data.json"
        self.metrics, self.timing = path / "metrics.jsonl", path / "timing.jsonl"
        self.history = path / "history.jsonl"
        self.log, self.real = path / "train.log", path / "samples/real.npy"
        self.checkpoints, self.best = path / "checkpoints", path / "best"
        self.absent_at_start: tuple[Path, ...] = ()

    def samples(self, step: int) -> Path:
        """Return the path of the samples of all members at a step."""
        return self.path / f"samples/step_{step:08d}.npz"

    def pictures(self) -> dict[int, Path]:
        """Return the paths of the samples: step -> path, ordered by step."""
        return by_step(self.path.glob("samples/step_*.npz"))

    def evaluation(self, step: int) -> Path:
        """Return the path of the scores of all members at a step."""
        return self.path / f"evaluation/{step:08d}.json"

    def evaluations(self) -> dict[int, Path]:
        """Return the paths of the scores: step -> path, ordered by step."""
        return by_step(self.path.glob("evaluation/*.json"))

    def read(self) -> dict[str, Any]:
        """Return the content of members.json; empty if the population has not begun.

        ``config`` is the config of the first member, and ``members`` maps each id to
        its ``values`` (path -> value, where its config differs), ``command`` and
        ``overrides``.

        Raises:
          BadInput: if another version of ganjax wrote it in another format.
        """
        held = read_json(self.record)
        if held is None:
            return {}
        check_format(self.path, "a population", held, FORMAT)
        check_entries(self.record, held, _RECORDED)
        check_code(self.record, held)
        return held

    def describe(self, config: Mapping[str, Any], members: Any, **record: Any) -> None:
        """Write members.json.

        Args:
          config: the config of the first member, nested.
          members: id -> ``values``, ``command`` and ``overrides`` of the member.
          record: further entries, as in the run.json of a run: ``code``, ``folder``.
        """
        version = {"format": FORMAT, "ganjax": ganjax.__version__}
        parts = {"config": dict(config), "members": dict(members)}
        write_json(self.record, version | record | parts)

    def read_status(self) -> dict[str, Any]:
        """Return the content of status.json. ``members`` holds the members that have
        ended, by id. The other entries are shared by all members. It is empty before
        the population starts, and if the file is damaged."""
        return read_status(self.status) or {}


class PopulationRecords:
    """The records of the members of a population. Each file is read once, when it is
    first needed, so an object shows the files at one moment.

    A member is named by its id, the id of its trial in a sweep.
    """

    def __init__(self, files: PopulationFiles):
        self.files = files

    @functools.cached_property
    def places(self) -> dict[str, int]:
        """Return the index of each member in lists and arrays, by its id."""
        return {name: i for i, name in enumerate(self._held.get("members", {}))}

    @functools.cached_property
    def _held(self):
        return self.files.read()

    def config(self, member: str) -> dict[str, Any]:
        """Return the config of a member, nested."""
        return replaced(self._held["config"], self._held["members"][member]["values"])

    def record(self, member: str) -> dict[str, Any]:
        """Return the entries that the run.json of the member has alone."""
        own = self._held["members"][member]
        shared = {k: self._held[k] for k in ("code", "folder")}
        return {"command": own["command"], "overrides": own["overrides"], **shared}

    @functools.cached_property
    def statuses(self) -> dict[str, dict[str, Any]]:
        """Return the status of each member, by id, like the status.json of a run. It is
        empty before the population begins."""
        shared = self.files.read_status()
        own = shared.pop("members", {})
        if not shared:
            return {}
        return {name: shared | own.get(name, {}) for name in self.places}

    @functools.cached_property
    def _lines(self):
        return read_rows(self.files.metrics)

    def rows(self, member: str) -> list[dict[str, float]]:
        """Return the rows of metrics of a member, like the metrics.jsonl of a run."""
        place, found = self.places[member], []
        for line in self._lines:
            lists = {k: v for k, v in line.items() if isinstance(v, list)}
            row = {k: v[place] for k, v in lists.items() if place < len(v)}
            row = {k: v for k, v in row.items() if v is not None}
            if row:
                found.append({"step": line["step"], **row})
        return found

    @functools.cached_property
    def _evaluations(self):
        return {
            step: read_json(path) for step, path in self.files.evaluations().items()
        }

    def scores(self, member: str) -> dict[int, dict[str, Any]]:
        """Return the scores of a member with their protocols: step -> the content of
        the evaluation file of a run."""
        found = {}
        for step, held in self._evaluations.items():
            own = (held or {}).get("members", {}).get(member)
            if own is None:
                continue
            directions = held["directions"]
            known = {k: directions[k] for k in own["scores"] if k in directions}
            protocol = held["protocol"] | own["protocol"]
            one = {"scores": own["scores"], "directions": known, "protocol": protocol}
            failed = {"failed": own["failed"]} if "failed" in own else {}
            found[step] = one | failed
        return found

    def failed_evaluations(self, member: str) -> list[dict[str, Any]]:
        """Return the evaluations of a member that failed, like ``RunFiles``."""
        return [
            {"step": step, "evaluator": name, "reason": reason}
            for step, one in self.scores(member).items()
            for name, reason in one.get("failed", {}).items()
        ]

    def samples(self, member: str, newest: bool = False) -> dict[int, np.ndarray]:
        """Return the samples of a member, step -> ``[n, …]``. Images are in [-1, 1].

        Args:
          newest: whether to read the samples of the last step alone.
        """
        found = {}
        for step, path in list(self.files.pictures().items())[-1 if newest else 0 :]:
            with np.load(path) as held:
                if member in held:
                    found[step] = _floats(held[member])
        return found

    @functools.cached_property
    def real(self) -> np.ndarray:
        """Return held-out examples ``[n, …]``, the same for all members."""
        return _floats(np.load(self.files.real))


def _floats(samples):
    """Return stored samples as floats: bytes of images as values in [-1, 1]."""
    return samples / 127.5 - 1 if samples.dtype == np.uint8 else samples


def replaced(config: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return a nested config with some values replaced.

    Args:
      values: path of a field -> its value.
    """
    found = dict(config)
    for path, value in values.items():
        section, _, rest = path.partition(".")
        found[section] = replaced(found[section], {rest: value}) if rest else value
    return found
