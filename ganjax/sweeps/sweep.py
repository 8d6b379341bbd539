"""A sweep: train variants of a config (trials), and write a report of their scores."""

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ganjax.build import build_game
from ganjax.config import resolve
from ganjax.data import source_of
from ganjax.errors import BadInput
from ganjax.loading import located
from ganjax.report import write_sweep_report
from ganjax.sweep_files import imperfect
from ganjax.sweeps.folder import SweepFolder
from ganjax.sweeps.groups import grouped, runs_separately
from ganjax.sweeps.planner import plan
from ganjax.sweeps.runner import run_local
from ganjax.sweeps.slots import SHARED, gpus, slots
from ganjax.sweeps.trials import named, swept
from ganjax.sweeps.worker import run_groups


class Sweep:
    """The trials of a sweep. All are checked before the first one starts.

    Args:
      stated: result of the config file's ``get_config``.
      space: result of the config file's ``sweep``: for each trial, the fields that it
        sets, as a dict path -> value.
      overrides: path -> value of fields, for every trial that does not set them.
      file: the config file, as written in a command.
      say: called with each line of text for the user.
      folder: the folder in which relative names of files in the configs start; empty
        for the current folder.

    Attributes:
      base: the config before the fields of a trial are set, with a value for every
        field.
      trials: the trials in the order of the space, without repetitions.
      kinds: lists of trials that can share one compiled program, because they differ
        only in the seed and in numbers such as learning rates.

    Raises:
      BadInput: if a trial's config is invalid or its game cannot be built. The message
        has the number and the fields of the trial.
    """

    def __init__(
        self,
        stated: Mapping[str, Any],
        space: Iterable[Mapping[str, Any]],
        overrides: Mapping[str, str] = (),
        file: str = "",
        say: Callable[[str], None] = print,
        folder: str = "",
    ):
        self._file, self._overrides, self._say = file, dict(overrides), say
        self._folder = folder
        self.base = resolve(stated, overrides)
        self.trials = swept(stated, space, overrides, say)
        self.kinds = grouped(self.trials)
        self._check()

    def _check(self):
        """Build one game of each kind. This computes nothing and needs no device."""
        opened = {}
        for kind in self.kinds:
            config = located(kind[0].base, self._folder)
            data = config.data.to_json()
            try:
                if data not in opened:
                    opened[data] = source_of(config.data)
                build_game(config, opened[data])
            except BadInput as error:
                number = self.trials.index(kind[0])
                raise BadInput(
                    f"trial {number} ({named(kind[0].point)}): {error}"
                ) from error

    def commands(self, workdir: Path | str) -> dict[str, str]:
        """Return a mapping from trial id to the command that runs this trial alone.

        The command gives the same result as the trial in the sweep. There is one
        exception: if the sweep trains trials together under ``vmap`` (the population
        ``'vmap'``), sums are rounded differently."""
        return {
            trial.id: shlex.join(
                [
                    "ganjax",
                    "train",
                    f"--config={self._file}",
                    f"--workdir={Path(workdir) / 'trials' / trial.id}",
                    *(
                        f"--config.{path}={value}"
                        for path, value in {**self._overrides, **trial.point}.items()
                    ),
                ]
            )
            for trial in self.trials
        }

    def described(self, population: str = "auto") -> str:
        """Return a text that lists the compiled programs and the trials of each.

        Args:
          population: how trials that share a program run, as in ``run``. With
            ``'alone'``, the text says that all trials run one by one.
        """
        lines = [f"{len(self.trials)} trials in {len(self.kinds)} programs"]
        for kind in self.kinds:
            alone_ = (
                len(kind) == 1 or population == "alone" or runs_separately(kind[0].base)
            )
            how = "one by one" if alone_ else "together"
            lines.append(f"{len(kind)} {how}:")
            lines += [f"  {trial.id}  {named(trial.point)}" for trial in kind]
        return "\n".join(lines)

    def run(
        self,
        workdir: Path | str,
        *,
        executor: str = "local",
        population: str = "auto",
        processes: int = 0,
        memory: float | None = None,
        fail_fast: bool = False,
        slurm: Mapping[str, str] = (),
        cores: Sequence[int] = (0,),
        pinned: bool = False,
        retry_failed: bool = False,
        allow_config_change: bool = False,
    ) -> int:
        """Run the trials that still have work, and write the report.

        Args:
          workdir: the folder of the sweep.
          executor: ``'local'``, ``'slurm'`` or ``'debug'`` (in this process).
          population: how trials that share a program run: ``'vmap'``, ``'map'``,
            ``'serial'``, ``'alone'``, or ``'auto'`` (the rule of ``carriers``).
          processes: number of processes at the same time. 0 uses all GPUs. Without
            GPUs, 0 gives ``SHARED`` processes, or one for each core if ``pinned``.
          memory: bytes of a device, to replace the number that the device reports.
          fail_fast: whether the first failed trial ends all other trials.
          slurm: parameters of the executor of the library submitit.
          cores: numbers of the CPU cores to use.
          pinned: whether each process gets separate cores.
          retry_failed: whether failed trials run again, also those that diverged.
          allow_config_change: whether trials may resume with another config, other code
            or other data.

        Returns:
          The exit code: 0 if every trial finished and no evaluation failed, or if the
            jobs are submitted to SLURM; 128 + n after signal n; otherwise 1.

        Raises:
          BadInput: if the folder holds another sweep or other files, another process
            runs the sweep, the speed and the memory of a program cannot be measured, or
            SLURM or submitit is missing.
        """
        folder, jobs_of = SweepFolder(workdir), None
        if executor == "slurm":  # refuse before anything is measured or written
            from ganjax.sweeps.slurm import executor_of

            jobs_of = executor_of(folder, dict(slurm))
        with folder.hold():
            commands = self.commands(workdir)
            folder.register(self.base, self.trials, commands, allow_config_change)
            if retry_failed and (again := folder.retry_failed()):
                self._say(
                    f"{len(again)} failed trials run again, from checkpoints if there "
                    f"are: {', '.join(again)}"
                )
            accelerators = gpus()
            groups = plan(
                folder,
                self.trials,
                population=population,
                accelerators=len(accelerators),
                memory=memory,
                # Processes share the cores, so each measurement gets one share of them.
                cores=cores
                if accelerators
                else cores[: max(1, len(cores) // (processes or SHARED))],
                say=self._say,
            )
            if jobs_of:
                from ganjax.sweeps.slurm import submit

                jobs = submit(folder, jobs_of)
                self._say(
                    f"submitted {len(jobs)} jobs: {', '.join(j.job_id for j in jobs)}"
                )
                return 0
            if executor == "debug":
                code = run_groups(folder, folder.waiting())
                code = code or int(any(map(imperfect, folder.statuses().values())))
            else:
                width = max(group.devices for group in groups)
                code = run_local(
                    folder,
                    slots(processes, width, accelerators, cores, pinned),
                    fail_fast=fail_fast,
                    say=self._say,
                )
            self._say(f"report: {write_sweep_report(folder.path)}")
            return code
