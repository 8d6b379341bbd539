"""Start or resume runs from their configs, for commands and sweeps."""

import contextlib
import dataclasses
import errno
import functools
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
from ml_collections import ConfigDict

from ganjax import names
from ganjax.build import build
from ganjax.config import imports
from ganjax.data import record_of
from ganjax.errors import BadInput
from ganjax.evaluation import evaluation_of
from ganjax.loading import located, warm_start
from ganjax.population_files import PopulationRecords
from ganjax.report import is_current, write_report
from ganjax.resumption import (
    check_checkpoint,
    check_config,
    check_data,
    check_population,
    ended_members,
    has_begun,
    is_finished,
    is_over,
    lost_status,
)
from ganjax.run_files import RunFiles, read_scores, write_json
from ganjax.training import (
    Failed,
    Member,
    PopulationArchive,
    PopulationDirectory,
    RunArchive,
    RunDirectory,
    compiled_step,
    data_facts,
    environment,
    reason,
    train,
)
from ganjax.unpacking import opened


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
    with _held(opened(trial.workdir)) as run:
        changed = check_config(run, trial.config, allow_config_change)
        check_checkpoint(run)
        if is_over(run, trial.config) and not changed:
            if not is_current(run.path):
                write_report(run.path)
            return run.read_status()
        trial = _settled(run, trial)
        setup = build(trial.located)
        check_data(run, setup.source, allow_config_change)
        follows = jax.process_index() > 0
        member = Member(
            knobs=setup.knobs,
            seed=setup.seed,
            start_from=warm_start(trial.located),
            ended=follows,
        )
        plan, data = setup.plan, record_of(setup.source)
        said = {"command": trial.command, "overrides": dict(trial.overrides)}
        about = {"config": trial.config.to_dict(), "data": data_facts(data)}
        about |= {"code": _code(trial.config), "folder": trial.folder}
        archive = RunArchive(run, plan, said | about)
        begin = functools.partial(_begin, run, trial, setup)
        advance = compiled_step(setup.game, setup.feed, plan)
        error = _train(trial.located, setup, [member], plan, archive, begin, advance)
        if not follows:
            # On a full disk the first error counts.
            with contextlib.suppress(*([OSError] if error else [])):
                write_report(run.path)
        if error:
            raise error
        return run.read_status()


@dataclasses.dataclass(frozen=True)
class MemberRequest:
    """A request to run a member of a population.

    Attributes:
      id: the name of the member in the records of the population.
      values: path -> value: the seed and the knobs (numbers that are data of the
        compiled step) in which its config differs from the population's config.
      overrides, command: see ``RunRequest``.
      left: whether the member left the population. It is computed, because the others
        share its program, and nothing is written for it.
    """

    id: str
    values: Mapping[str, Any]
    overrides: Mapping[str, str] = dataclasses.field(default_factory=dict)
    command: str = ""
    left: bool = False


class SharedProgram:
    """One compiled program for runs that train together. Populations of equal size use
    it in turn, and it is built and compiled once.

    Args:
      config: the config of all runs, except for their seeds and knobs.
      population: ``'vmap'`` computes the runs together, ``'map'`` one after another in
        one program, ``'serial'`` one after another by calls from the host.
      devices: devices over which the runs are spread.
      folder: the folder in which relative file names of the config are found; empty for
        the current folder.
    """

    def __init__(
        self,
        config: ConfigDict,
        population: str,
        devices: Sequence[jax.Device],
        folder: str = "",
    ):
        self.config, self.folder = config, folder or os.getcwd()
        self._together = {"population": population, "devices": list(devices)}

    @functools.cached_property
    def _made(self):
        """The setup of the config, the plan and the compiled step."""
        setup = build(located(self.config, self.folder))
        plan = dataclasses.replace(setup.plan, **self._together)
        return setup, plan, compiled_step(setup.game, setup.feed, plan)

    def run(
        self,
        members: Sequence[MemberRequest],
        workdir: Path | str,
        *,
        allow_config_change: bool = False,
    ) -> dict[str, dict[str, Any]]:
        """Start or resume the runs of one population.

        If some of the members have diverged, the program still computes them, but
        nothing is written for them.

        Args:
          workdir: the folder of the population.
          allow_config_change: whether to resume although the config has changed, or the
            user's code that it names. The seeds must stay the same.

        Returns:
          The status of each member, by id.

        Raises:
          BadInput: if the request is invalid; then nothing is written. A damaged
            example that is found during training raises it too; then the runs have
            failed.
        """
        config = self.config
        with PopulationDirectory(workdir) as files:
            values = {one.id: one.values for one in members}
            changed = check_population(files, config, values, allow_config_change)
            check_checkpoint(files)
            statuses = PopulationRecords(files).statuses
            status = {one.id: statuses.get(one.id, {}) for one in members}
            lost = ended_members(files)
            ended = {x.id for x in members if x.left or status[x.id].get("diverged")}
            ended |= set(lost)
            waiting = [
                name
                for name in status
                if name not in ended
                and (changed or not is_finished(status[name], config, files.path))
            ]
            if waiting:
                self._train(files, members, ended, lost, allow_config_change)
            return PopulationRecords(files).statuses

    def _train(self, files, members, ended, lost, allow_config_change):
        setup, plan, advance = self._made
        check_data(files, setup.source, allow_config_change)
        start_from = warm_start(located(self.config, self.folder))
        together = []
        for one in members:
            own = dict(one.values)
            seed = own.pop("seed", setup.seed)
            knobs = setup.knobs | own
            together.append(Member(knobs, seed, start_from, one.id in ended))
        data = data_facts(record_of(setup.source))
        about = {"config": self.config.to_dict(), "data": data}
        about |= {"code": _code(self.config), "folder": self.folder}
        about["members"] = {one.id: dict(one.values) for one in members}
        archive = PopulationArchive(files, [*about["members"]], plan, about, lost)
        begin = functools.partial(_begin_population, files, self, members, setup)
        error = _train(self.config, setup, together, plan, archive, begin, advance)
        if error:
            raise error


def _begin_population(files, program, members, setup):
    problem = lost_status(files)
    write_json(files.data, record_of(setup.source))
    files.describe(
        program.config.to_dict(),
        {
            one.id: {
                "values": dict(one.values),
                "command": one.command,
                "overrides": dict(one.overrides),
            }
            for one in members
        },
        code=_code(program.config),
        folder=program.folder,
    )
    write_json(files.environment, environment())
    _say(files, problem, setup)


def scores(workdir: Path | str) -> dict[str, float]:
    """Return the newest scores that training wrote into a run's folder, name -> value.
    The result is empty before the first evaluation."""
    found = RunFiles(workdir).evaluations()
    return read_scores(found[max(found)])["scores"] if found else {}


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


def _code(config):
    """Return what run.json holds about the user's code that a config names."""
    sources = names.sources(imports(config))
    return {"folders": names.folders() if sources else [], "sources": sources}


def _begin(run, trial, setup):
    problem = lost_status(run)
    said = {"command": trial.command, "overrides": dict(trial.overrides)}
    write_json(run.data, record_of(setup.source))
    code, folder = _code(trial.config), trial.folder
    run.describe(trial.config.to_dict(), **said, code=code, folder=folder)
    write_json(run.environment, environment())
    _say(run, problem, setup)


def _say(files, problem, setup):
    for line in filter(None, [problem, *setup.source.about.get("shown", ())]):
        files.say(line)


def _train(
    config, setup, members, plan, archive, begin, advance
) -> BaseException | None:
    """Train. Return the error that ended the training after its records began. The
    records then say why."""

    # Members are scored by seed, so the real samples of one seed are in memory.
    @functools.lru_cache(maxsize=1)
    def evaluations(seed):
        if seed == setup.seed:
            return setup.evaluation
        made = setup.game, setup.sampler, setup.source
        return evaluation_of(config, *made, seed=seed)

    try:
        train(
            members,
            archive,
            advance,
            game=setup.game,
            model=setup.model,
            evaluations=evaluations,
            source=setup.source,
            feed=setup.feed,
            plan=plan,
            begin=begin,
        )
    except Failed as error:
        failed, step = error.__cause__, error.step
    else:
        return None
    with contextlib.suppress(OSError):  # full disk: the first error counts
        archive.fail_all(step, reason(failed))
    return failed
