"""The files in the folder of a sweep, and functions that read them.

sweep.json        the trials: their configs, and the fields that the sweep sets for each
plan.json         the groups: which trials share a compiled program, and how they run
groups/GROUP/     the records of trials that were trained together (a population)
trials/ID/        the run directory of a trial that ran alone or was unpacked
logs/GROUP.log    the output of a group's processes
outcomes.json     why a trial ended, if its own process could not record it
The same folder holds the report and table.csv.
"""

import dataclasses
import functools
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ganjax.errors import BadInput
from ganjax.json_shapes import check_shape
from ganjax.population_files import PopulationFiles, PopulationRecords
from ganjax.run_files import RunFiles, check_format, read_json

FORMAT = 3
SWEEP, PLAN, OUTCOMES = "sweep.json", "plan.json", "outcomes.json"
ENDED = ("finished", "failed", "interrupted")
_TRIAL = {"id": str, "point": {...: str}, "kind": int, "values?": dict, "command?": str}
_SHAPES = {
    SWEEP: {"trials": [_TRIAL], "kinds": [{"steps": int}], "base?": dict,
            "folders?": [str], "folder?": str},
    PLAN: {"groups?": [{"name": str, "trials": [str], "population": str,
                        "devices?": int}]},
    OUTCOMES: {...: {"state": str, "exit_reason?": str}},
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Group:
    """Trials that one process runs.

    Attributes:
      name: name of the group and of its log.
      trials: ids of the trials.
      population: how the trials run. They share one compiled program with ``'vmap'``
        (as one batch), ``'map'`` (in turn, inside the program) or ``'serial'`` (in
        turn, called by the host). With ``'alone'`` they are separate runs, one after
        another.
      devices: number of devices over which the trials are spread.
    """

    name: str
    trials: tuple[str, ...]
    population: str
    devices: int = 1

    @property
    def alone(self) -> bool:
        """Return whether the trials are separate runs."""
        return self.population == "alone"


class SweepFiles:
    """The files in the folder of a sweep. The methods only read.

    Args:
      path: the folder. It need not exist yet.
    """

    def __init__(self, path: Path | str):
        self.path = Path(path).absolute()
        self.record, self.outcomes = self.path / SWEEP, self.path / OUTCOMES

    def read(self) -> dict[str, Any]:
        """Return the content of sweep.json; ``trials`` is empty if there is no file.

        Raises:
          BadInput: if another version of ganjax wrote it in another format, or it is
            damaged.
        """
        held = read_json(self.record)
        if held is None:
            return {"base": {}, "kinds": [], "trials": [], "folders": []}
        check_format(self.path, "a sweep", held, FORMAT)
        check_shape(self.record, held, _SHAPES[SWEEP])
        for trial in held["trials"]:
            if not 0 <= trial["kind"] < len(held["kinds"]):
                raise BadInput(
                    f"{SWEEP}={self.record}: trial {trial['id']!r} has kind "
                    f"{trial['kind']}, expected one of {len(held['kinds'])}"
                )
        return held

    @property
    def points(self) -> dict[str, dict[str, str]]:
        """Return the fields that the sweep sets for each trial, in the order of the
        sweep: trial id -> path -> value as text."""
        return {trial["id"]: trial["point"] for trial in self.read()["trials"]}

    @property
    def plan(self) -> dict[str, Any]:
        """Return the entries of plan.json; empty before the sweep is planned. Raise
        ``BadInput`` if the file is damaged."""
        return self._shaped(self.path / PLAN)

    def read_outcomes(self) -> dict[str, dict[str, Any]]:
        """Return the content of outcomes.json, trial id -> status. Raise ``BadInput``
        if the file is damaged."""
        return self._shaped(self.outcomes)

    def _shaped(self, path):
        held = read_json(path) or {}
        check_shape(path, held, _SHAPES[path.name])
        return held

    @property
    def groups(self) -> list[Group]:
        """Return the groups of trials in plan.json; empty before the sweep is planned.
        One process runs the trials of a group."""
        return [
            Group(
                group["name"],
                tuple(group["trials"]),
                group["population"],
                group.get("devices", 1),
            )
            for group in self.plan.get("groups", ())
        ]

    @property
    def owners(self) -> dict[str, Group]:
        """Return the group that runs each trial, by trial id. A trial can be in two
        groups, if it left a population to run alone. The last group runs it."""
        return {trial: group for group in self.groups for trial in group.trials}

    def workdir(self, trial: str) -> Path:
        """Return the run directory of a trial, given its id. The directory of a trial
        in a population exists only after the trial is unpacked."""
        return self.path / "trials" / trial

    def population(self, group: str) -> PopulationFiles:
        """Return the records of the trials of a group that are trained together."""
        return PopulationFiles(self.path / "groups" / group)

    def rows(self, trials: Iterable[str]) -> Iterator[list[dict[str, float]]]:
        """Yield the rows of metrics of each trial."""
        owners = self.owners
        together = functools.cache(
            lambda name: PopulationRecords(self.population(name))
        )
        for trial in trials:
            owner = owners.get(trial)
            if owner is None or owner.alone:
                yield RunFiles(self.workdir(trial)).rows()
            else:
                yield together(owner.name).rows(trial)

    def statuses(self) -> dict[str, dict[str, Any]]:
        """Return the status of each trial of the sweep, by id, with its ``state``, such
        as ``'finished'``.

        It is the status that the trial wrote. If the trial could not write how it
        ended, it is what the runner recorded. If a trial finished, and its config now
        has more steps, its state is ``'waiting'``.
        """
        held, owners = self.read(), self.owners
        outcomes = self.read_outcomes()
        together = functools.cache(
            lambda name: PopulationRecords(self.population(name)).statuses
        )
        steps = [config["steps"] for config in held["kinds"]]
        found = {}
        for trial in held["trials"]:
            name, owner = trial["id"], owners.get(trial["id"])
            if owner is None or owner.alone:
                status = RunFiles(self.workdir(name)).read_status()
            else:
                status = together(owner.name).get(name, {})
            if status.get("state") == "finished":
                if status.get("step", 0) < steps[trial["kind"]]:
                    status = {**status, "state": "waiting"}
            found[name] = trial_status(status, outcomes.get(name, {}))
        return found


def trial_status(status: Mapping, seen: Mapping) -> dict[str, Any]:
    """Return the status of a trial, a dict with the key ``state``.

    If ``status`` shows how the trial ended, return ``status``. Otherwise return a dict
    with the entries of both, where an entry of ``seen`` replaces one of ``status``. If
    neither has a state, the returned state is ``'waiting'``.

    Args:
      status: the status that the trial wrote.
      seen: the status that the sweep's runner recorded, for example of a killed trial.
    """
    if status.get("state") in ENDED:
        return dict(status)
    return {"state": "waiting", **status, **seen}


def imperfect(status: Mapping[str, Any]) -> bool:
    """Return whether a trial is not finished, or one of its evaluations failed."""
    return status["state"] != "finished" or bool(status.get("failed_evaluations"))


def is_over(status: Mapping[str, Any]) -> bool:
    """Return whether a trial with this status needs no more work: it finished its
    steps, or it diverged and would diverge again."""
    return status["state"] == "finished" or bool(status.get("diverged"))
