"""The folder of a sweep, with the files that record its trials and their states.

A trial is one config of the sweep.

sweep.json         the base config, and the fields that the sweep sets for each trial
configs/ID.json    the config of a trial, with a value for every field
plan.json          which trials share a compiled program, and how they run together
trials/ID/         the run directory of a trial, the same as if it ran alone
logs/GROUP.log     the output of a group's processes
outcomes.json      why a trial ended, if its own process could not record it
The same folder holds table.csv and the report, which may have a folder report_files/.
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


def imperfect(status: Mapping[str, Any]) -> bool:
    """Return whether a trial is not finished, or one of its evaluations failed.

    Args:
      status: the result of ``SweepFolder.status`` for the trial.
    """
    return status["state"] != "finished" or bool(status.get("failed_evaluations"))


class SweepFolder:
    """Read and write the files in the folder of a sweep.

    Args:
      path: the folder. It need not exist yet.
    """

    def __init__(self, path: Path | str):
        self.path = Path(path).absolute()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Lock the folder inside the context, so that no other process runs this sweep.

        Raises:
          BadInput: if another process has the lock, or the folder has files but no
            sweep.json.
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
        """Write the trials of the sweep into the folder.

        If the folder already has trials, the sweep may only add trials or steps.

        Args:
          base: the config before the fields of a trial are set.
          trials: all trials of the sweep.
          commands: trial id -> the command that runs this trial alone.
          allow_config_change: whether trials may resume with another config, other
            code or other data. A trial is found by its id, a hash of its config
            without defaults and steps. So only values that this hash does not contain
            can differ, such as a changed default.

        Raises:
          BadInput: if the folder has a trial that is not in ``trials``; a trial has
            fewer steps than in the folder, or another config without
            ``allow_config_change``; or another version of ganjax wrote the folder in
            another format.
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
                    else f"the folder's trial ({named(gone[0]['point'])}) is not in "
                    "this sweep"
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
        """Return the config of a trial, with a value for every field.

        The folders of the user's modules that the sweep used become importable, because
        the config may name functions in these modules.

        Args:
          trial: id of the trial.
        """
        for folder in self._held()["folders"]:
            names.beside(folder)
        return resolve(read_json(self._config_path(trial)))

    @property
    def started_in(self) -> str:
        """Return the folder in which the sweep was first started, or the current folder
        if it has not started. Relative names of files in the configs start there."""
        return self._held().get("folder") or os.getcwd()

    @property
    def allow_config_change(self) -> bool:
        """Return whether the last call of ``register`` allowed trials to resume with a
        changed config."""
        return self._held().get("allow_config_change", False)

    @property
    def points(self) -> dict[str, dict[str, str]]:
        """Return the fields that the sweep sets for each trial, in the order of the
        sweep: trial id -> path -> value as text."""
        return {trial["id"]: trial["point"] for trial in self._held()["trials"]}

    @property
    def commands(self) -> dict[str, str]:
        """Return trial id -> the command that runs this trial alone."""
        return {trial["id"]: trial["command"] for trial in self._held()["trials"]}

    def workdir(self, trial: str) -> Path:
        """Return the run directory of a trial, given its id."""
        return self.path / "trials" / trial

    @property
    def groups(self) -> list[Group]:
        """Return the groups of trials in plan.json; empty before the sweep is planned.
        One process runs the trials of a group."""
        held = read_json(self.path / PLAN) or {"groups": []}
        return [
            Group(**{**group, "trials": tuple(group["trials"])})
            for group in held["groups"]
        ]

    def write_plan(self, groups: Sequence[Group], **more: Any) -> None:
        """Write plan.json.

        Args:
          groups: all groups of trials.
          more: other entries of the file, such as measurements of speed and memory.
        """
        plan = {**more, "groups": [dataclasses.asdict(group) for group in groups]}
        write_json(self.path / PLAN, plan)

    @property
    def plan(self) -> dict[str, Any]:
        """Return the entries of plan.json; empty before the sweep is planned."""
        return read_json(self.path / PLAN) or {}

    def status(self, trial: str) -> dict[str, Any]:
        """Return the status of a trial, with its ``state``, such as ``'finished'``.

        It is the status that the trial wrote, or what ``note`` recorded if the trial
        could not write it. If a trial finished, and its config now has more steps, its
        state is ``'waiting'``.

        Args:
          trial: id of the trial.
        """
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
        """Let the failed trials run again, also those that diverged. Return their ids.

        A trial resumes from a checkpoint. If several trials share a compiled program,
        they resume from the newest step at which all of them that are not finished have
        a checkpoint. Without a checkpoint, a trial starts again.
        """
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
        """Record that trials failed, if they could not write this to their folders.

        Args:
          trials: ids of the trials.
          reason: why they failed; ``None`` removes earlier records.
        """
        outcomes = read_json(self.path / OUTCOMES) or {}
        for trial in trials:
            outcomes.pop(trial, None)
            if reason is not None:
                outcomes[trial] = {"state": "failed", "exit_reason": reason}
        write_json(self.path / OUTCOMES, outcomes)
