"""Start or resume runs from their configs, for commands and sweeps."""

import contextlib
import dataclasses
import errno
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from ganjax import names
from ganjax.build import Setup, build
from ganjax.config import declared, flatten, imports, knobs
from ganjax.errors import BadInput
from ganjax.evaluation import evaluation_of
from ganjax.loading import changed_sources, warm_start
from ganjax.report import write_report
from ganjax.run_files import RunFiles, read_json, write_json
from ganjax.schedules import lengths
from ganjax.training import Failed, Member, RunDirectory, environment, reason, train

# Fields that may change when a run resumes: it may become longer.
EXTENSIBLE = ("steps",)


@dataclasses.dataclass(frozen=True)
class RunRequest:
    """A request to start or resume a run.

    Attributes:
      config: the resolved config.
      workdir: folder of the run.
      overrides, command: as the user wrote them, for the run's record.
    """

    config: ConfigDict
    workdir: Path | str
    overrides: Mapping[str, str] = dataclasses.field(default_factory=dict)
    command: str = ""


def launch(trial: RunRequest, *, allow_config_change: bool = False) -> dict[str, Any]:
    """Start a run, or resume the run in its folder. A finished run does not change.

    Args:
      allow_config_change: whether to resume a run that began with another config, or
        with other code behind an import path. The seed must stay the same.

    Returns:
      The run's status. Its ``state`` is ``'finished'``, ``'interrupted'``, or
      ``'failed'`` if the run diverged.

    Raises:
      BadInput: if the request is invalid; then nothing is written. A damaged example
        that is found during training raises it too; then the run has failed.
    """
    with _held(trial.workdir) as run:
        changed = _changed(run, trial.config, allow_config_change)
        if _over(run, trial.config) and not changed:
            if not run.report.exists():
                write_report(run.path)
            return run.read_status()
        setup = build(trial.config)
        _train(setup, [_member(run, trial, setup)], setup.plan)
        return run.read_status()


def launch_population(
    trials: Sequence[RunRequest], *, population: str, devices: Sequence[jax.Device]
) -> list[dict[str, Any]]:
    """Start or resume runs in one compiled program. Their configs differ in knobs and
    seeds only.

    Finished members are recomputed because the program runs the whole population;
    nothing is written for them.

    Args:
      population: ``'vmap'``, ``'map'`` or ``'serial'``, see ``compile_step``.
      devices: devices over which the members are spread.

    Returns:
      The status of each run.

    Raises:
      BadInput: see ``launch``.
    """
    with contextlib.ExitStack() as stack:
        runs = [stack.enter_context(_held(trial.workdir)) for trial in trials]
        for run, trial in zip(runs, trials, strict=True):
            _changed(run, trial.config, False)
        over = [_over(r, t.config) for r, t in zip(runs, trials, strict=True)]
        if not all(over):
            setup = build(trials[0].config)
            # After a kill, the members' newest checkpoints may be one apart: keep two.
            kept = max(2, setup.plan.checkpoint.keep)
            checkpoint = dataclasses.replace(setup.plan.checkpoint, keep=kept)
            together = {"population": population, "devices": devices}
            plan = dataclasses.replace(setup.plan, checkpoint=checkpoint, **together)
            members = [
                _member(run, trial, _shared(setup, trial.config), ended)
                for run, trial, ended in zip(runs, trials, over, strict=True)
            ]
            _train(setup, members, plan)
        return [run.read_status() for run in runs]


def scores(workdir: Path | str) -> dict[str, float]:
    """Return the newest scores that a run wrote; empty before its first scores."""
    found = RunFiles(workdir).evaluations()
    return read_json(found[max(found)])["scores"] if found else {}


def changed_fields(held: Mapping[str, Any], config: ConfigDict) -> list[str]:
    """Return the differences between a folder's config and a resolved config.

    A field that ganjax added later, with its default value, is not a difference. The
    lengths of schedules are compared, also those that follow from ``steps``: a longer
    run with a stretched schedule does not end as if it had this length from the start.
    """
    now = dict(flatten(config.to_dict()))
    then = {path: x.default for path, x in declared(now).items() if path in now}
    for path, value in flatten(held):  # JSON stores tuples as lists
        then[path] = tuple(value) if isinstance(value, list) else value
    ends = [path for path in lengths(now) if path in then and not now[path]]
    now, then = now | lengths(now), then | lengths(then)
    found = []
    for path in sorted(now | then):
        if now.get(path, ...) != then.get(path, ...):
            said = f"{path}: {then.get(path, 'absent')} -> {now.get(path, 'absent')}"
            follows = f", which follows steps unless you set {path}={then.get(path)}"
            found.append(f"{said}{follows if path in ends else ''}")
    return found


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


def _changed(run, config, allowed) -> list[str]:
    """Return how config and code changed since the run began. Raise ``BadInput`` if
    this is not allowed. The old config is not resolved: that would import its code."""
    if not run.config.exists():
        return []
    held, record = run.read()
    found = changed_fields(held, config)
    changed = [x for x in found if x.partition(":")[0] not in EXTENSIBLE]
    for path in changed_sources(record, config):
        changed.append(f"code {path}: source changed since the run")
    seed = held.get("seed", config.seed)
    if config.seed != seed:
        raise BadInput(
            f"seed={config.seed}: expected {seed}, the seed of the run in workdir="
            f"{run.path}; the random state is part of the run; to use another seed, "
            f"start a new workdir"
        )
    if changed and not allowed:
        raise BadInput(
            f"workdir={run.path}: expected the config and code of this run, but they "
            f"differ ({'; '.join(changed)}); --allow_config_change resumes anyway"
        )
    return changed


def _over(run, config) -> bool:
    status = run.read_status()
    if status.get("state") != "finished":
        return False
    if status["step"] > config.steps:
        raise BadInput(
            f"steps={config.steps}: expected at least {status['step']}, the last "
            f"step of the run in workdir={run.path}"
        )
    return status["step"] == config.steps


def _shared(setup: Setup, config: ConfigDict) -> Setup:
    """Return the setup of another member, with the same game, data and plan."""
    made = setup.game, setup.sampler, setup.source
    scores = evaluation_of(config, *made)
    return dataclasses.replace(
        setup, seed=config.seed, knobs=knobs(config), evaluation=scores
    )


def _member(run, trial, setup, ended=False):
    sources = names.sources(imports(trial.config))
    code = {"folders": names.folders() if sources else [], "sources": sources}

    def begin():
        said = {"command": trial.command, "overrides": dict(trial.overrides)}
        run.describe(trial.config.to_dict(), **said, code=code)
        write_json(run.environment, environment())

    return Member(
        run=run,
        knobs=setup.knobs,
        seed=setup.seed,
        evaluation=setup.evaluation,
        start_from=lambda state: warm_start(state, trial.config),
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
