"""The folder of a sweep: its trials, its plan, and how each trial stands.

sweep.json         the base config, and every trial with what it differs in
configs/ID.json    a trial's resolved config
plan.json          which trials share a program, and how they run together
trials/ID/         a trial's run directory, as if it had been run alone
logs/GROUP.log     what the processes said
outcomes.json      why a trial ended that could not say so itself
report.html  table.csv
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from ganjax.config import differences, resolve, to_json
from ganjax.errors import BadInput
from ganjax.report.sweep_records import told
from ganjax.sweeps.trials import SweptConfig, named
from ganjax.training.run_directory import (
    check_folder,
    lock_folder,
    read_json,
    write_whole,
)

SWEEP, PLAN, OUTCOMES = "sweep.json", "plan.json", "outcomes.json"


@dataclasses.dataclass(frozen=True)
class Group:
    """Trials that one process runs.

    Attributes:
      name: of its log.
      trials: their ids.
      population: how they run together: as ``compile_step`` takes it, or ``'alone'``,
        one after another.
      devices: over how many its members are spread.
    """

    name: str
    trials: tuple[str, ...]
    population: str
    devices: int = 1


class SweepFolder:
    """A sweep's folder."""

    def __init__(self, path: Path | str):
        self.path = Path(path).absolute()

    def hold(self) -> None:
        """Keeps other runners out while this process lives.

        Raises:
          BadInput: if another one is at work, or the folder is something else.
        """
        check_folder(self.path, SWEEP, "a sweep")
        self._lock = lock_folder(self.path, "runs this sweep")

    def register(
        self,
        base: ConfigDict,
        trials: Sequence[SweptConfig],
        commands: Mapping[str, str],
    ) -> None:
        """Writes down what the sweep consists of; a sweep may grow, and not change.

        Args:
          commands: what runs each trial alone, by its id.

        Raises:
          BadInput: if the folder holds trials that are not among these.
        """
        held = read_json(self.path / SWEEP)
        if held is not None:
            gone = [t for t in held["trials"] if t["id"] not in {x.id for x in trials}]
            if gone:
                changed = differences(resolve(held["base"]), base)
                raise BadInput(
                    f"workdir={self.path}: expected the sweep that it holds, or more "
                    f"of it; "
                    + (
                        f"the config differs in {'; '.join(changed)}"
                        if changed
                        else f"its trial ({named(gone[0]['point'])}) is not in this "
                        f"one, or began before all of these fields were there"
                    )
                )
        for trial in trials:
            write_whole(self._config_path(trial.id), to_json(trial.config))
        known = {
            "base": base.to_dict(),
            "trials": [
                {"id": t.id, "point": t.point, "command": commands[t.id]}
                for t in trials
            ],
        }
        write_whole(self.path / SWEEP, json.dumps(known, indent=1) + "\n")

    def _config_path(self, trial: str) -> Path:
        return self.path / "configs" / f"{trial}.json"

    def config(self, trial: str) -> ConfigDict:
        return resolve(read_json(self._config_path(trial)))

    @property
    def points(self) -> dict[str, dict[str, str]]:
        """What each trial differs in, by its id, in order."""
        held = read_json(self.path / SWEEP) or {"trials": []}
        return {trial["id"]: trial["point"] for trial in held["trials"]}

    @property
    def commands(self) -> dict[str, str]:
        """What runs each trial alone, by its id."""
        held = read_json(self.path / SWEEP) or {"trials": []}
        return {trial["id"]: trial["command"] for trial in held["trials"]}

    def workdir(self, trial: str) -> Path:
        return self.path / "trials" / trial

    @property
    def groups(self) -> list[Group]:
        """The plan."""
        held = read_json(self.path / PLAN) or {"groups": []}
        return [
            Group(**{**group, "trials": tuple(group["trials"])})
            for group in held["groups"]
        ]

    def write_plan(self, groups: Sequence[Group], **more: Any) -> None:
        """The plan, with what it was made from."""
        plan = {**more, "groups": [dataclasses.asdict(group) for group in groups]}
        write_whole(self.path / PLAN, json.dumps(plan, indent=1) + "\n")

    @property
    def plan(self) -> dict[str, Any]:
        return read_json(self.path / PLAN) or {}

    def status(self, trial: str) -> dict[str, Any]:
        """A trial's own status; where it ended without a word, what the runner saw."""
        status = read_json(self.workdir(trial) / "status.json") or {}
        return told(status, (read_json(self.path / OUTCOMES) or {}).get(trial, {}))

    def over(self, trial: str) -> bool:
        """Whether there is nothing more to do: finished, or diverged as it would
        again."""
        status = self.status(trial)
        return status["state"] == "finished" or bool(status.get("diverged"))

    def note(self, trials: Sequence[str], reason: str | None) -> None:
        """Why trials ended that did not say so; ``None`` as they begin anew."""
        outcomes = read_json(self.path / OUTCOMES) or {}
        for trial in trials:
            outcomes.pop(trial, None)
            if reason is not None:
                outcomes[trial] = {"state": "failed", "exit_reason": reason}
        write_whole(self.path / OUTCOMES, json.dumps(outcomes, indent=1) + "\n")
