"""The folder of a sweep: its trials, its plan, and the state of each trial.

sweep.json         the base config, and every trial with what it differs in
configs/ID.json    a trial's resolved config
plan.json          which trials share a program, and how they run together
trials/ID/         a trial's run directory, as if it had been run alone
logs/GROUP.log     what the processes said
outcomes.json      why a trial ended that could not say so itself
The report and table.csv are beside them.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

import ganjax
from ganjax import names
from ganjax.config import imports, resolve
from ganjax.errors import BadInput
from ganjax.launch import changed_fields
from ganjax.report.sweep_records import OUTCOMES, SWEEP, trial_status
from ganjax.run_files import (
    RunFiles,
    check_folder,
    check_format,
    lock_folder,
    read_json,
    write_json,
)
from ganjax.sweeps.trials import SweptConfig, named

FORMAT = 2
PLAN = "plan.json"


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
        """Keep other runners out while this process lives.

        Raises:
          BadInput: if another runner is at work, or the folder is something else.
        """
        check_folder(self.path, SWEEP, "a sweep")
        self._lock = lock_folder(self.path, "runs this sweep")

    def register(
        self,
        base: ConfigDict,
        trials: Sequence[SweptConfig],
        commands: Mapping[str, str],
    ) -> None:
        """Write down what the sweep consists of. A sweep may grow, in trials or in
        steps, and not change.

        Args:
          commands: what runs each trial alone, by its id.

        Raises:
          BadInput: if the folder holds trials that are not among these, or a trial with
            another config, or a sweep of another format.
        """
        held = self._held()
        known = {trial.id for trial in trials}
        if gone := [t for t in held["trials"] if t["id"] not in known]:
            changed = changed_fields(held["base"], base)
            raise BadInput(
                f"workdir={self.path}: expected the sweep that it holds, or more of "
                f"it; "
                + (
                    f"the config differs in {'; '.join(changed)}"
                    if changed
                    else f"its trial ({named(gone[0]['point'])}) is not in this one"
                )
            )
        for trial in trials:
            self._check_unchanged(trial)
        for trial in trials:
            write_json(self._config_path(trial.id), trial.config.to_dict())
        code = any(imports(trial.config) for trial in trials)
        write_json(
            self.path / SWEEP,
            {
                "format": FORMAT,
                "ganjax": ganjax.__version__,
                "folders": names.folders() if code else [],
                "base": base.to_dict(),
                "trials": [
                    {"id": t.id, "point": t.point, "command": commands[t.id]}
                    for t in trials
                ],
            },
        )

    def _check_unchanged(self, trial):
        """An id does not say what the defaults were, nor how many steps."""
        kept = read_json(self._config_path(trial.id))
        if kept is None or not RunFiles(self.workdir(trial.id)).config.exists():
            return
        if kept["steps"] < trial.config.steps:  # a longer trial goes on
            kept["steps"] = trial.config.steps
        if changed := changed_fields(kept, trial.config):
            raise BadInput(
                f"workdir={self.path}: expected trial {trial.id} "
                f"({named(trial.point)}) as it began; its config differs in "
                f"{'; '.join(changed)}"
            )

    def _held(self) -> dict[str, Any]:
        held = read_json(self.path / SWEEP)
        if held is None:
            return {"base": {}, "trials": [], "folders": []}
        check_format(self.path, "a sweep", held, FORMAT)
        return held

    def _config_path(self, trial: str) -> Path:
        return self.path / "configs" / f"{trial}.json"

    def config(self, trial: str) -> ConfigDict:
        """Return a trial's config; its import paths find the code of the sweep."""
        for folder in self._held()["folders"]:
            names.beside(folder)
        return resolve(read_json(self._config_path(trial)))

    @property
    def points(self) -> dict[str, dict[str, str]]:
        """What each trial differs in, by its id, in order."""
        return {trial["id"]: trial["point"] for trial in self._held()["trials"]}

    @property
    def commands(self) -> dict[str, str]:
        """What runs each trial alone, by its id."""
        return {trial["id"]: trial["command"] for trial in self._held()["trials"]}

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
        """Write the plan, with what it was made from."""
        plan = {**more, "groups": [dataclasses.asdict(group) for group in groups]}
        write_json(self.path / PLAN, plan)

    @property
    def plan(self) -> dict[str, Any]:
        return read_json(self.path / PLAN) or {}

    def status(self, trial: str) -> dict[str, Any]:
        """Return a trial's own status, or what the runner saw of a trial that ended
        without a word. A trial that finished fewer steps than it has now is waiting."""
        status = RunFiles(self.workdir(trial)).read_status()
        steps = (read_json(self._config_path(trial)) or {}).get("steps", 0)
        if status.get("state") == "finished" and status["step"] < steps:
            status = {**status, "state": "waiting"}
        return trial_status(
            status, (read_json(self.path / OUTCOMES) or {}).get(trial, {})
        )

    def over(self, trial: str) -> bool:
        """Return whether there is nothing more to do: the trial has finished its steps,
        or has diverged as it would again."""
        status = self.status(trial)
        return status["state"] == "finished" or bool(status.get("diverged"))

    def note(self, trials: Sequence[str], reason: str | None) -> None:
        """Write why trials ended that did not say so; ``None`` as they begin anew."""
        outcomes = read_json(self.path / OUTCOMES) or {}
        for trial in trials:
            outcomes.pop(trial, None)
            if reason is not None:
                outcomes[trial] = {"state": "failed", "exit_reason": reason}
        write_json(self.path / OUTCOMES, outcomes)
