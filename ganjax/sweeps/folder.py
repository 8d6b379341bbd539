"""The folder of a sweep: its trials, its plan, and the state of each trial.

sweep.json         the base config, and the fields in which each trial differs
configs/ID.json    the resolved config of a trial
plan.json          which trials share a program, and how they run together
trials/ID/         the run directory of a trial, the same as if it ran alone
logs/GROUP.log     the output of a group's processes
outcomes.json      why a trial ended, if its own process could not record it
The same folder holds the report and table.csv.
"""

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

import ganjax
from ganjax import names
from ganjax.config import imports, resolve
from ganjax.errors import BadInput
from ganjax.report.sweep_records import OUTCOMES, SWEEP, trial_status
from ganjax.resumption import changed_fields
from ganjax.run_files import (
    RunFiles,
    check_folder,
    check_format,
    lock_folder,
    read_json,
    write_json,
)
from ganjax.sweeps.trials import SweptConfig, named
from ganjax.training import finished_steps

FORMAT = 2
PLAN = "plan.json"


@dataclasses.dataclass(frozen=True)
class Group:
    """Trials that one process runs.

    Attributes:
      name: name of the group and of its log.
      trials: ids of the trials.
      population: how they run: ``'vmap'``, ``'map'`` or ``'serial'`` in one program, or
        ``'alone'``, one run after another.
      devices: number of devices over which the trials are spread.
    """

    name: str
    trials: tuple[str, ...]
    population: str
    devices: int = 1


def imperfect(status: Mapping[str, Any]) -> bool:
    """Return whether a trial is not finished, or one of its evaluations failed."""
    return status["state"] != "finished" or bool(status.get("failed_evaluations"))


class SweepFolder:
    """The folder of a sweep."""

    def __init__(self, path: Path | str):
        self.path = Path(path).absolute()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Lock the folder inside the context.

        Raises:
          BadInput: if another process has the lock, or the folder holds other files.
        """
        check_folder(self.path, SWEEP, "a sweep")
        with lock_folder(self.path, "runs this sweep"):
            yield

    def register(
        self,
        base: ConfigDict,
        trials: Sequence[SweptConfig],
        commands: Mapping[str, str],
        allow_config_change: bool = False,
    ) -> None:
        """Write the trials of the sweep into the folder. A sweep may grow in trials or
        in steps; nothing else may change.

        Args:
          commands: the command that runs each trial alone, by trial id.
          allow_config_change: whether the trials may resume with another config, other
            code or other data. Their ids stay the same, so only fields that follow from
            others can differ, such as the length of a schedule.

        Raises:
          BadInput: if the folder holds a trial that is not among these, a trial with
            another config, or a sweep of another format.
        """
        held = self._held()
        known = {trial.id for trial in trials}
        if gone := [t for t in held["trials"] if t["id"] not in known]:
            changed = changed_fields(held["base"], base)
            raise BadInput(
                f"workdir={self.path}: expected the sweep of this folder, or an "
                f"extension of it; "
                + (
                    f"the config differs in {'; '.join(changed)}"
                    if changed
                    else f"its trial ({named(gone[0]['point'])}) is not in this sweep"
                )
            )
        for trial in trials:
            self._check_unchanged(trial, allow_config_change)
        for trial in trials:
            write_json(self._config_path(trial.id), trial.config.to_dict())
        code = any(imports(trial.config) for trial in trials)
        write_json(
            self.path / SWEEP,
            {
                "format": FORMAT,
                "ganjax": ganjax.__version__,
                "folders": names.folders() if code else [],
                "folder": held.get("folder") or os.getcwd(),
                "allow_config_change": allow_config_change,
                "base": base.to_dict(),
                "trials": [
                    {"id": t.id, "point": t.point, "command": commands[t.id]}
                    for t in trials
                ],
            },
        )

    def _check_unchanged(self, trial, allowed):
        """Raise ``BadInput`` if a config changed and this is not allowed, or if it has
        fewer steps. An id omits defaults and steps."""
        kept = read_json(self._config_path(trial.id))
        if kept is None or not RunFiles(self.workdir(trial.id)).config.exists():
            return
        changed = changed_fields(kept, trial.config)
        fewer = trial.config.steps < kept["steps"]
        if not fewer:
            changed = [x for x in changed if x.partition(":")[0] != "steps"]
        if changed and (fewer or not allowed):
            hint = "" if fewer else "; --allow_config_change resumes anyway"
            raise BadInput(
                f"workdir={self.path}: expected trial {trial.id} "
                f"({named(trial.point)}) to keep its config, but it differs in "
                f"{'; '.join(changed)}{hint}"
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
        """Return a trial's config. Its import paths may name the sweep's own code."""
        for folder in self._held()["folders"]:
            names.beside(folder)
        return resolve(read_json(self._config_path(trial)))

    @property
    def started_in(self) -> str:
        """The folder in which the sweep was first started, or else the current one.
        Relative names of files in the configs are relative to it."""
        return self._held().get("folder") or os.getcwd()

    @property
    def allow_config_change(self) -> bool:
        """Whether the last command lets its trials resume with a changed config."""
        return self._held().get("allow_config_change", False)

    @property
    def points(self) -> dict[str, dict[str, str]]:
        """The fields in which each trial differs, by trial id, in order."""
        return {trial["id"]: trial["point"] for trial in self._held()["trials"]}

    @property
    def commands(self) -> dict[str, str]:
        """The command that runs each trial alone, by trial id."""
        return {trial["id"]: trial["command"] for trial in self._held()["trials"]}

    def workdir(self, trial: str) -> Path:
        return self.path / "trials" / trial

    @property
    def groups(self) -> list[Group]:
        """The groups of the plan."""
        held = read_json(self.path / PLAN) or {"groups": []}
        return [
            Group(**{**group, "trials": tuple(group["trials"])})
            for group in held["groups"]
        ]

    def write_plan(self, groups: Sequence[Group], **more: Any) -> None:
        """Write the groups to the plan, with ``more`` entries such as measurements."""
        plan = {**more, "groups": [dataclasses.asdict(group) for group in groups]}
        write_json(self.path / PLAN, plan)

    @property
    def plan(self) -> dict[str, Any]:
        return read_json(self.path / PLAN) or {}

    def status(self, trial: str) -> dict[str, Any]:
        """Return the status that a trial wrote, or else the outcome that the runner
        recorded. A trial that finished fewer steps than its config has is waiting."""
        status = RunFiles(self.workdir(trial)).read_status()
        steps = (read_json(self._config_path(trial)) or {}).get("steps", 0)
        if status.get("state") == "finished" and status["step"] < steps:
            status = {**status, "state": "waiting"}
        return trial_status(
            status, (read_json(self.path / OUTCOMES) or {}).get(trial, {})
        )

    def over(self, trial: str) -> bool:
        """Return whether a trial needs no more work: it finished its steps, or it
        diverged and would diverge again."""
        status = self.status(trial)
        return status["state"] == "finished" or bool(status.get("diverged"))

    def retry_failed(self) -> list[str]:
        """Let the failed trials run again, and return their ids. They resume from the
        newest checkpoint that their program has for all its unfinished trials, or begin
        again."""
        failed = [x for x in self.points if self.status(x)["state"] == "failed"]
        for trial in failed:
            run = RunFiles(self.workdir(trial))
            if run.status.exists():
                step = max(finished_steps(run.checkpoints), default=0)
                status = {"state": "interrupted", "step": step}
                write_json(run.status, {**status, "exit_reason": "to be retried"})
        self.note(failed, None)
        return failed

    def note(self, trials: Sequence[str], reason: str | None) -> None:
        """Record why trials ended without a status; ``None`` removes the record."""
        outcomes = read_json(self.path / OUTCOMES) or {}
        for trial in trials:
            outcomes.pop(trial, None)
            if reason is not None:
                outcomes[trial] = {"state": "failed", "exit_reason": reason}
        write_json(self.path / OUTCOMES, outcomes)
