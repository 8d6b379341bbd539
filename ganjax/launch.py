"""A run from its config to its end, as a command or a sweep starts it."""

import contextlib
import errno
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ml_collections import ConfigDict

from ganjax.build import build
from ganjax.config import differences, resolve, to_json
from ganjax.errors import BadInput
from ganjax.loading import started
from ganjax.report import write_report
from ganjax.schema import EXTENSIBLE
from ganjax.training import Diverged, RunDirectory, environment, train


def launch(
    config: ConfigDict,
    workdir: Path | str,
    *,
    overrides: Mapping[str, str] = (),
    command: str = "",
    allow_config_change: bool = False,
) -> dict[str, Any]:
    """Starts a run, or goes on with the one in ``workdir``; a finished one is left as
    it is.

    Args:
      config: resolved.
      overrides, command: as they were written, for the run's record.
      allow_config_change: go on although the run was started with another config;
        the seed stays.

    Returns:
      The run's status, ``state`` being ``'finished'``, ``'interrupted'`` or
      ``'failed'`` (then it diverged).

    Raises:
      BadInput: if the run cannot be what was asked for; then nothing was written. If
        an example turns out damaged on the way, the run has failed.
    """
    with _held(workdir) as run:
        old = run.config()
        held = config if old is None else resolve(old)
        changed = differences(held, config)
        serious = [x for x in changed if x.partition(":")[0] not in EXTENSIBLE]
        if config.seed != held.seed:
            raise BadInput(
                f"seed={config.seed}: expected {held.seed}, with which the run in "
                f"workdir={run.path} began; its randomness stands in its state, so "
                f"another seed is another run, in a workdir of its own"
            )
        if serious and not allow_config_change:
            raise BadInput(
                f"workdir={run.path}: expected a run of this config; it holds another "
                f"one ({'; '.join(serious)}); --allow_config_change goes on"
            )
        status = run.status()
        done = status.get("state") == "finished" and status["step"] >= config.steps
        if done and not serious:
            if not (run.path / "report.html").exists():
                write_report(run.path)
            return status
        setup = build(config)
        description = {
            "config.json": to_json(config),
            "overrides.json": json.dumps(dict(overrides), indent=2) + "\n",
            "command.txt": f"{command}\n",
            "environment.json": json.dumps(environment(), indent=2) + "\n",
        }
        _train(run, setup, description, lambda state: started(state, config))
        return run.status()


def scores(workdir: Path | str) -> dict[str, float]:
    """The newest scores that a run wrote of itself, empty before the first."""
    found = sorted((Path(workdir) / "evaluation").glob("[0-9]*.json"))
    return json.loads(found[-1].read_text())["scores"] if found else {}


def _held(workdir):
    try:
        return RunDirectory(workdir)
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise
        raise BadInput(
            f"workdir={workdir}: expected a folder to write to, {error.strerror}"
        ) from error


def _train(run, setup, description, start_from):
    def begin():
        for name, text in description.items():
            run.write(name, text)

    try:
        train(
            run,
            game=setup.game,
            knobs=setup.knobs,
            source=setup.source,
            feed=setup.feed,
            evaluation=setup.evaluation,
            plan=setup.plan,
            start_from=start_from,
            begin=begin,
        )
    except Exception as error:
        step = getattr(error, "step", None)
        if step is None:  # it never began: the folder is as it was
            raise
        reason = getattr(error, "strerror", None) or " ".join(str(error).split())
        with contextlib.suppress(OSError):  # of a full disk: the first one counts
            run.write_status("failed", step, exit_reason=reason)
            write_report(run.path)
        if not isinstance(error, Diverged):
            raise
    else:
        write_report(run.path)
