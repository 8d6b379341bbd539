"""The folder of a sweep during the sweep: it locks the folder and writes its files."""

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ml_collections import ConfigDict

import ganjax
from ganjax import names
from ganjax.config import imports, knobs, resolve
from ganjax.errors import BadInput
from ganjax.population_files import PopulationFiles, replaced
from ganjax.resumption import CHANGEABLE, changed_fields, check_checkpoint
from ganjax.run_files import RunFiles, check_folder, lock_folder, write_json
from ganjax.sweep_files import FORMAT, PLAN, SWEEP, Group, SweepFiles, is_over
from ganjax.sweeps.differences import with_values
from ganjax.sweeps.trials import SweptConfig, named
from ganjax.training import finished_steps
from ganjax.unpacking import unpack


class SweepFolder(SweepFiles):
    """Read and write the files in the folder of a sweep.

    Args:
      path: the folder. It need not exist yet.
    """

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
        held = self.read()
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
        kinds = list({id(trial.base): trial.base for trial in trials}.values())
        places = {id(kind): i for i, kind in enumerate(kinds)}
        self._check_unchanged(held, trials, allow_config_change)
        code = any(map(imports, kinds))
        write_json(
            self.record,
            {
                "format": FORMAT,
                "ganjax": ganjax.__version__,
                "folders": names.folders() if code else [],
                "folder": held.get("folder") or os.getcwd(),
                "allow_config_change": allow_config_change,
                "base": base.to_dict(),
                "kinds": [kind.to_dict() for kind in kinds],
                "trials": [
                    {
                        "id": t.id,
                        "point": t.point,
                        "kind": places[id(t.base)],
                        "values": t.values,
                        "command": commands[t.id],
                    }
                    for t in trials
                ],
            },
        )

    def _check_unchanged(self, held, trials, allowed):
        """Raise ``BadInput`` if the config of a trial that has begun changed and this
        is not allowed, or if it has fewer steps. An id omits defaults and steps."""
        before = {trial["id"]: trial for trial in held["trials"]}
        begun = {name for name, s in self.statuses().items() if "step" in s}
        same: dict[tuple[int, int], list[str]] = {}
        for trial in trials:
            if trial.id not in begun:
                continue
            own = before[trial.id]
            kept = held["kinds"][own["kind"]]
            pair = own["kind"], id(trial.base)
            # Numbers of trials are in their ids, unless they are defaults.
            if pair not in same:
                same[pair] = changed_fields(kept, trial.base)
            changed = same[pair]
            if changed:
                changed = changed_fields(replaced(kept, own["values"]), trial.config)
            fewer = trial.base.steps < kept["steps"]
            free = {*CHANGEABLE} - ({"steps"} if fewer else set())
            changed = [x for x in changed if x.partition(":")[0] not in free]
            if changed and (fewer or not allowed):
                hint = "" if fewer else "; --allow_config_change resumes anyway"
                raise BadInput(
                    f"workdir={self.path}: expected trial {trial.id} "
                    f"({named(trial.point)}) to keep its config, but it differs in "
                    f"{'; '.join(changed)}{hint}"
                )

    def kind(self, number: int) -> ConfigDict:
        """Return a config of sweep.json that trials share, with a value for every
        field. The trials' own numbers are not in it.

        The folders of the user's modules that the sweep used become importable, because
        the config may name functions in these modules.
        """
        held = self.read()
        for folder in held["folders"]:
            names.beside(folder)
        return resolve(held["kinds"][number])

    def config(self, trial: str) -> ConfigDict:
        """Return the config of a trial, with a value for every field.

        Args:
          trial: id of the trial.
        """
        entry = next(t for t in self.read()["trials"] if t["id"] == trial)
        return with_values(self.kind(entry["kind"]), entry["values"])

    def numbers(self, entry: Mapping[str, Any], kind: int) -> dict[str, Any]:
        """Return the seed and the knobs in which a trial differs from the config
        ``kind``, path -> value.

        Args:
          entry: the entry of the trial in sweep.json. Its own kind may be another one,
            with the same compiled program.
        """
        if entry["kind"] == kind:
            return entry["values"]
        own, shared = self.config(entry["id"]), self.kind(kind)
        theirs = {**knobs(shared), "seed": shared.seed}
        mine = {**knobs(own), "seed": own.seed}
        return {path: x for path, x in mine.items() if theirs[path] != x}

    @property
    def started_in(self) -> str:
        """Return the folder in which the sweep was first started, or the current folder
        if it has not started. Relative names of files in the configs start there."""
        return self.read().get("folder") or os.getcwd()

    @property
    def allow_config_change(self) -> bool:
        """Return whether the last call of ``register`` allowed trials to resume with a
        changed config."""
        return self.read().get("allow_config_change", False)

    def write_plan(self, groups: Sequence[Group], **more: Any) -> None:
        """Write plan.json.

        Args:
          groups: all groups of trials.
          more: other entries of the file, such as measurements of speed and memory.
        """
        plan = {**more, "groups": [dataclasses.asdict(group) for group in groups]}
        write_json(self.path / PLAN, plan)

    def waiting(self) -> list[Group]:
        """Return the groups that have a trial with work left."""
        over = {name for name, s in self.statuses().items() if is_over(s)}
        owners = self.owners
        return [
            group
            for group in self.groups
            if any(t not in over and owners[t] == group for t in group.trials)
        ]

    def retry_failed(self) -> list[str]:
        """Let the failed trials run again, also those that diverged. Return their ids.

        A trial resumes from its newest checkpoint, or starts again without one. A
        diverged trial of a population leaves it: it is unpacked, and it runs alone from
        then on.

        Raises:
          BadInput: if a failed trial had a checkpoint, but holds none. Nothing is
            changed then.
        """
        statuses, owners, groups = self.statuses(), self.owners, self.groups
        failed = [name for name, x in statuses.items() if x["state"] == "failed"]
        for trial in failed:
            check_checkpoint(self._records(trial, owners))
        for trial in failed:
            owner = owners.get(trial)
            together = owner is not None and not owner.alone
            if together and not statuses[trial].get("diverged"):
                _retry(self.population(owner.name))
                continue
            if together:
                unpack(self.population(owner.name), trial, self.workdir(trial))
                groups.append(Group(f"group{len(groups):03}", (trial,), "alone"))
            _retry(RunFiles(self.workdir(trial)))
        if len(groups) > len(self.groups):
            more = {k: v for k, v in self.plan.items() if k != "groups"}
            self.write_plan(groups, **more)
        self.note(failed, None)
        return failed

    def _records(self, trial, owners) -> RunFiles | PopulationFiles:
        """Return the files of a trial, or of the population that trains it."""
        owner = owners.get(trial)
        if owner is None or owner.alone:
            return RunFiles(self.workdir(trial))
        return self.population(owner.name)

    def note(self, trials: Sequence[str], reason: str | None) -> None:
        """Record that trials failed, if they could not write this to their folders.

        Args:
          trials: ids of the trials.
          reason: why they failed; ``None`` removes earlier records.
        """
        outcomes = self.read_outcomes()
        for trial in trials:
            outcomes.pop(trial, None)
            if reason is not None:
                outcomes[trial] = {"state": "failed", "exit_reason": reason}
        if outcomes or self.outcomes.exists():
            write_json(self.outcomes, outcomes)


def _retry(files: RunFiles | PopulationFiles) -> None:
    """Let a failed run, or a failed population, resume from its newest checkpoint."""
    status = files.read_status()
    if status:
        step = max(finished_steps(files.checkpoints), default=0)
        ended = {"members": status["members"]} if "members" in status else {}
        status = {"state": "interrupted", "step": step, **ended}
        write_json(files.status, {**status, "exit_reason": "to be retried"})
