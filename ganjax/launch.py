"""Start or resume runs from their configs, for commands and sweeps."""

import contextlib
import dataclasses
import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from ganjax import names
from ganjax.build import Setup, build
from ganjax.config import imports, knobs
from ganjax.data import record_of
from ganjax.errors import BadInput
from ganjax.evaluation import evaluation_of
from ganjax.loading import located, warm_start
from ganjax.report import write_report
from ganjax.resumption import (
    check_checkpoint,
    check_config,
    check_data,
    has_begun,
    is_over,
)
from ganjax.run_files import RunFiles, read_json, write_json
from ganjax.training import (
    Failed,
    Member,
    RunDirectory,
    environment,
    reason,
    train,
)


@dataclasses.dataclass(frozen=True)
class RunRequest:
    """A request to start or resume a run.

    Attributes:
      config: all fields of the config, checked.
      workdir: folder of the run.
      overrides: the fields that the command line set, path -> text, as the user wrote
        it.
      command: the command line. The run's record keeps it and ``overrides``.
      folder: the folder in which relative file names of the config are found; by
        default the current folder. A resumed run keeps the folder of its first start.
    """

    config: ConfigDict
    workdir: Path | str
    overrides: Mapping[str, str] = dataclasses.field(default_factory=dict)
    command: str = ""
    folder: str = dataclasses.field(default_factory=os.getcwd)

    @property
    def located(self) -> ConfigDict:
        """Return the config with its relative file names changed, so that they are
        found in ``folder`` and not in the current folder."""
        return located(self.config, self.folder)


def launch(trial: RunRequest, *, allow_config_change: bool = False) -> dict[str, Any]:
    """Start a run, or resume the run in its folder. A finished run does not change.

    Args:
      allow_config_change: whether to resume a run although its config has changed, or
        the user's code that the config names by an import path ``MODULE:NAME``. The
        seed must stay the same.

    Returns:
      The run's status. Its ``state`` is ``'finished'``, ``'interrupted'``, or
      ``'failed'`` if the run diverged.

    Raises:
      BadInput: if the request is invalid; then nothing is written. A damaged example
        that is found during training raises it too; then the run has failed.
    """
    with _held(trial.workdir) as run:
        changed = check_config(run, trial.config, allow_config_change)
        check_checkpoint(run)
        if is_over(run, trial.config) and not changed:
            if not run.report.exists():
                write_report(run.path)
            return run.read_status()
        trial = _settled(run, trial)
        setup = build(trial.located)
        check_data(run, setup.source, allow_config_change)
        _train(setup, [_member(run, trial, setup)], setup.plan)
        return run.read_status()


def launch_population(
    trials: Sequence[RunRequest],
    *,
    population: str,
    devices: Sequence[jax.Device],
    allow_config_change: bool = False,
) -> list[dict[str, Any]]:
    """Start or resume several runs that train together in one compiled program.

    Their configs may differ only in the seed and in knobs. A knob is a number that is
    data of the compiled step, such as a learning rate. If some of the runs have
    finished or diverged, the program still computes them, but nothing is written for
    them.

    Args:
      population: ``'vmap'`` computes the runs together, ``'map'`` one after another in
        one program, ``'serial'`` one after another by calls from the host.
      devices: devices over which the runs are spread.
      allow_config_change: whether to resume runs although their config has changed, or
        the user's code that it names. The seeds must stay the same.

    Returns:
      The status of each run.

    Raises:
      BadInput: if a request is invalid; then nothing is written. A damaged example that
        is found during training raises it too; then the runs have failed.
    """
    with contextlib.ExitStack() as stack:
        runs = [stack.enter_context(_held(trial.workdir)) for trial in trials]
        over = []
        for run, trial in zip(runs, trials, strict=True):
            changed = check_config(run, trial.config, allow_config_change)
            # A diverged member would diverge again.
            ended = bool(run.read_status().get("diverged"))
            if not ended:
                check_checkpoint(run)
            over.append(ended or (is_over(run, trial.config) and not changed))
        if not all(over):
            trials = [_settled(r, t) for r, t in zip(runs, trials, strict=True)]
            setup = build(trials[0].located)
            for run in runs:
                check_data(run, setup.source, allow_config_change)
            # After a kill, the members' newest checkpoints may be one apart: keep two.
            kept = max(2, setup.plan.checkpoint.keep)
            checkpoint = dataclasses.replace(setup.plan.checkpoint, keep=kept)
            together = {"population": population, "devices": devices}
            plan = dataclasses.replace(setup.plan, checkpoint=checkpoint, **together)
            members = [
                _member(
                    run, trial, _shared(setup, trial.located), ended, run is runs[0]
                )
                for run, trial, ended in zip(runs, trials, over, strict=True)
            ]
            _train(setup, members, plan)
        return [run.read_status() for run in runs]


def scores(workdir: Path | str) -> dict[str, float]:
    """Return the newest scores that training wrote into a run's folder, name -> value.
    The result is empty before the first evaluation."""
    found = RunFiles(workdir).evaluations()
    return read_json(found[max(found)])["scores"] if found else {}


def _held(workdir):
    try:
        str(workdir).encode()
        return RunDirectory(workdir, hold=jax.process_index() == 0)
    except UnicodeEncodeError:
        raise BadInput(f"workdir={str(workdir)!r}: expected a name in UTF-8") from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise BadInput(
            f"workdir={workdir}: expected a writable folder: {error.strerror}"
        ) from error


def _settled(run, trial) -> RunRequest:
    """Return the request with the folder in which the run was first started."""
    folder = run.read()[1].get("folder") if has_begun(run) else ""
    return dataclasses.replace(trial, folder=folder or trial.folder)


def _shared(setup: Setup, config: ConfigDict) -> Setup:
    """Return the setup of another member, with the same game, data and plan."""
    made = setup.game, setup.sampler, setup.source
    scores = evaluation_of(config, *made)
    return dataclasses.replace(
        setup, seed=config.seed, knobs=knobs(config), evaluation=scores
    )


def _member(run, trial, setup, ended=False, shown=True):
    sources = names.sources(imports(trial.config))
    code = {"folders": names.folders() if sources else [], "sources": sources}

    def begin():
        said = {"command": trial.command, "overrides": dict(trial.overrides)}
        write_json(run.data, record_of(setup.source))
        run.describe(trial.config.to_dict(), **said, code=code, folder=trial.folder)
        write_json(run.environment, environment())
        for line in setup.source.about.get("shown", ()) if shown else ():
            run.say(line)

    return Member(
        run=run,
        knobs=setup.knobs,
        seed=setup.seed,
        evaluation=setup.evaluation,
        start_from=lambda state: warm_start(state, trial.located),
        begin=begin,
        ended=ended or jax.process_index() > 0,
    )


def _train(setup, members, plan):
    live, failed = [member.run for member in members if not member.ended], None
    made = {"game": setup.game, "model": setup.model}
    try:
        train(members, **made, source=setup.source, feed=setup.feed, plan=plan)
    except Failed as error:
        failed = error  # its cause is raised below, so that it gets no context
    for run in live:
        if failed is None:
            write_report(run.path)
            continue
        with contextlib.suppress(OSError):  # full disk: the first error counts
            # A member of a population may have failed earlier.
            if run.read_status().get("state") != "failed":
                why = reason(failed.__cause__)
                run.write_status("failed", failed.step, exit_reason=why)
            write_report(run.path)
    if failed:
        raise failed.__cause__
