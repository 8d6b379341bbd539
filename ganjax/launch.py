"""Runs from their configs to their ends, as a command or a sweep starts them."""

import contextlib
import dataclasses
import errno
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from ganjax.build import Setup, build, build_evaluation
from ganjax.config import differences, knobs, resolve, to_json
from ganjax.errors import BadInput
from ganjax.loading import started
from ganjax.report import write_report
from ganjax.schema import EXTENSIBLE
from ganjax.training import Member, RunDirectory, environment, reason, train


@dataclasses.dataclass(frozen=True)
class Trial:
    """A run to be.

    Attributes:
      config: resolved.
      workdir: its folder.
      overrides, command: as they were written, for the run's record.
    """

    config: ConfigDict
    workdir: Path | str
    overrides: Mapping[str, str] = dataclasses.field(default_factory=dict)
    command: str = ""


def launch(trial: Trial, *, allow_config_change: bool = False) -> dict[str, Any]:
    """Starts a run, or goes on with the one in its folder; a finished one is left as it
    is.

    Args:
      allow_config_change: go on although the run was started with another config;
        the seed stays.

    Returns:
      The run's status, ``state`` being ``'finished'``, ``'interrupted'`` or
      ``'failed'`` (then it diverged).

    Raises:
      BadInput: if the run cannot be what was asked for; then nothing was written. If
        an example turns out damaged on the way, the run has failed.
    """
    with _held(trial.workdir) as run:
        changed = _changed(run, trial.config, allow_config_change)
        if _over(run, trial.config) and not changed:
            if not (run.path / "report.html").exists():
                write_report(run.path)
            return run.status()
        setup = build(trial.config)
        _train(setup, [_member(run, trial, setup)], setup.plan)
        return run.status()


def launch_population(
    trials: Sequence[Trial], *, population: str, devices: Sequence[jax.Device]
) -> list[dict[str, Any]]:
    """Starts runs whose configs differ in knobs and seeds only, or goes on with them,
    in one compiled program.

    A run that is over is computed with the others, as theirs is a program of them all,
    and left as it is.

    Args:
      population: ``'vmap'``, ``'map'`` or ``'serial'``, as ``compile_step`` takes it.
      devices: over which the members are spread.

    Returns:
      The status of each run.

    Raises:
      BadInput: as ``launch``.
    """
    with contextlib.ExitStack() as stack:
        runs = [stack.enter_context(_held(trial.workdir)) for trial in trials]
        for run, trial in zip(runs, trials, strict=True):
            _changed(run, trial.config, False)
        over = [_over(r, t.config) for r, t in zip(runs, trials, strict=True)]
        if not all(over):
            setup = build(trials[0].config)
            # The members' newest checkpoints may be one apart after a kill.
            kept = max(2, setup.plan.checkpoints_kept)
            plan = dataclasses.replace(
                setup.plan,
                population=population,
                devices=devices,
                checkpoints_kept=kept,
            )
            members = [
                _member(run, trial, _shared(setup, trial.config), ended)
                for run, trial, ended in zip(runs, trials, over, strict=True)
            ]
            _train(setup, members, plan)
        return [run.status() for run in runs]


def scores(workdir: Path | str) -> dict[str, float]:
    """The newest scores that a run wrote of itself, empty before the first."""
    found = sorted((Path(workdir) / "evaluation").glob("[0-9]*.json"))
    return json.loads(found[-1].read_text())["scores"] if found else {}


def _held(workdir):
    try:
        return RunDirectory(workdir, hold=jax.process_index() == 0)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise BadInput(
            f"workdir={workdir}: expected a folder to write to, {error.strerror}"
        ) from error


def _changed(run, config, allowed) -> list[str]:
    """The fields in which the run is of another config; BadInput unless allowed."""
    old = run.config()
    held = config if old is None else resolve(old)
    serious = [
        x for x in differences(held, config) if x.partition(":")[0] not in EXTENSIBLE
    ]
    if config.seed != held.seed:
        raise BadInput(
            f"seed={config.seed}: expected {held.seed}, with which the run in "
            f"workdir={run.path} began; its randomness stands in its state, so "
            f"another seed is another run, in a workdir of its own"
        )
    if serious and not allowed:
        raise BadInput(
            f"workdir={run.path}: expected a run of this config; it holds another "
            f"one ({'; '.join(serious)}); --allow_config_change goes on"
        )
    return serious


def _over(run, config) -> bool:
    status = run.status()
    if status.get("state") != "finished":
        return False
    if status["step"] > config.steps:
        raise BadInput(
            f"steps={config.steps}: expected at least {status['step']}, at which the "
            f"run in workdir={run.path} ended"
        )
    return status["step"] == config.steps


def _shared(setup: Setup, config: ConfigDict) -> Setup:
    """The setup of another member: the same game, data and plan."""
    names = config.evaluation.names
    return dataclasses.replace(
        setup,
        seed=config.seed,
        knobs=knobs(config),
        evaluation=build_evaluation(config, setup.game, setup.source, names),
    )


def _member(run, trial, setup, ended=False):
    description = {
        "config.json": to_json(trial.config),
        "overrides.json": json.dumps(dict(trial.overrides), indent=2) + "\n",
        "command.txt": f"{trial.command}\n",
        "environment.json": json.dumps(environment(), indent=2) + "\n",
    }

    def begin():
        for name, text in description.items():
            run.write(name, text)

    return Member(
        run=run,
        knobs=setup.knobs,
        seed=setup.seed,
        evaluation=setup.evaluation,
        start_from=lambda state: started(state, trial.config),
        begin=begin,
        ended=ended or jax.process_index() > 0,
    )


def _train(setup, members, plan):
    live = [member.run for member in members if not member.ended]
    try:
        train(members, game=setup.game, source=setup.source, feed=setup.feed, plan=plan)
    except Exception as error:
        step = getattr(error, "step", None)
        if step is None:  # it never began: the folder is as it was
            raise
        for run in live:
            with contextlib.suppress(OSError):  # of a full disk: the first one counts
                if run.status().get("state") != "failed":  # of itself, before
                    run.write_status("failed", step, exit_reason=reason(error))
                write_report(run.path)
        raise
    for run in live:
        write_report(run.path)
