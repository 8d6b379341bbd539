"""The place of the fault table: tiny runs, and the processes that a case starts."""

import dataclasses
import functools
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from .prepared import ROOT, Forked, Prepared

# Compilation without costly passes. All runs of a table have the same flags.
FLAGS = "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true"
CONFIG = '''
"""A ring of points, small networks, and every kind of record."""


def get_config():
    return {
        "steps": 400,
        "batch_size": 8,
        "data": {"name": "ring8"},
        "latents": {"size": 4},
        "networks": {
            "generator": {"widths": (16,)},
            "discriminator": {"widths": (16,)},
        },
        "ema": {"decay": 0.9},
        "log": {"every": 10},
        "checkpoint": {"every": 20, "keep": 3},
        "samples": {"every": 200, "count": 4},
        "evaluation": {"names": ("modes",), "every": 200, "samples": 100},
        "parallel": {"inner_steps": 10},
    }


def sweep():
    return [{"loss.name": n, "seed": s} for n in ("hinge", "minimax") for s in (0, 1)]
'''
# Seconds after which a process of a case counts as hung.
HUNG = 300.0


class Fell(Exception):
    """What happened after a fault is not what must happen."""


def must(fact: object, said: str) -> None:
    """Raise ``Fell`` with a text unless a fact holds."""
    if not fact:
        raise Fell(" ".join(said.split()))


@dataclasses.dataclass(frozen=True)
class Done:
    """A process that has ended.

    Attributes:
      code: its exit code; negative if a signal killed it.
      text: its output and its errors.
    """

    code: int
    text: str

    @property
    def last(self) -> str:
        """Return the last line of the output that is not empty."""
        lines = [line for line in self.text.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def one_line(self, code: int) -> str:
        """Return the line of the error. Raise ``Fell`` if the code is another one, or
        there is a traceback or more than one line of an error."""
        must(
            self.code == code, f"exit code {self.code}, not {code}: {self.text[-400:]}"
        )
        must("Traceback" not in self.text, f"a traceback: {self.text[-400:]}")
        lines = [x for x in self.text.splitlines() if x.startswith("error: ")]
        must(len(lines) == 1, f"{len(lines)} lines of errors: {self.text[-400:]}")
        return lines[0].removeprefix("error: ")


class Process:
    """A process of ganjax whose output goes to a file, so that no pipe can fill.

    Args:
      process: has the methods of ``subprocess.Popen``.
      log: the file of its output.
    """

    # The processes that have not ended, to kill them when the table is stopped.
    alive: "set[Process]" = set()

    def __init__(self, process: subprocess.Popen | Forked, log: Path):
        self._process, self._log, self.pid = process, log, process.pid
        self.alive.add(self)

    @classmethod
    def started(cls, line: Iterable[object], log: Path, environment, **more):
        """Start a command. Further arguments go to ``subprocess.Popen``."""
        with log.open("ab") as file:
            options = {
                "stdout": file, "stderr": subprocess.STDOUT, "env": environment,
                "stdin": subprocess.DEVNULL, "cwd": log.parent, **more,
            }  # fmt: skip
            process = subprocess.Popen([os.fsencode(str(x)) for x in line], **options)
        return cls(process, log)

    def text(self) -> str:
        """Return the output so far."""
        return self._log.read_text(errors="replace")

    def running(self) -> bool:
        return self._process.poll() is None

    def send(self, number: int) -> None:
        if self.running():
            self._process.send_signal(number)

    def until(
        self, happened: Callable[[], object], pause: float = 0.01, seconds: float = HUNG
    ) -> bool:
        """Wait until something happened, with a look every ``pause`` seconds. Return
        whether it did before the end of the process."""
        limit = time.monotonic() + seconds
        while self.running():
            if happened():
                return True
            if time.monotonic() > limit:
                self.kill()
                raise Fell(f"nothing happened in {seconds:g} s: {self.text()[-400:]}")
            time.sleep(pause)
        return bool(happened())

    def ended(self, seconds: float = HUNG) -> Done:
        """Wait for the end of the process. Raise ``Fell`` if it takes too long."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Fell(f"no end in {seconds:g} s: {self.text()[-400:]}") from None
        self.alive.discard(self)
        return Done(code, self.text())

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self.alive.discard(self)

    def children(self) -> list[int]:
        """Return the ids of the processes that this process has started (Linux)."""
        listed = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        try:
            return [
                int(number) for number in listed.read_text(encoding="utf-8").split()
            ]
        except OSError:
            return []


class Place:
    """The folder of the cases, and what they share: a config file, a cache of compiled
    programs, and undisturbed runs.

    Args:
      root: the folder. It is made if it is missing.
    """

    def __init__(self, root: Path):
        self.root = Path(root).absolute()
        self.root.mkdir(parents=True, exist_ok=True)
        self.config = self.root / "ring.py"
        self.config.write_text(CONFIG)
        self.lock = threading.RLock()
        self._prepared: Prepared | None = None

    @functools.cached_property
    def environment(self) -> dict[str, str]:
        """The environment of the processes."""
        return {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "JAX_PLATFORMS": "cpu",
            "XLA_FLAGS": FLAGS,
            "JAX_COMPILATION_CACHE_DIR": str(self.root / "xla"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "XDG_CACHE_HOME": str(self.root / "cache"),
        }

    def folder(self, name: str) -> Path:
        """Return a new, empty folder for a case."""
        path = self.root / "cases" / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def start(
        self,
        *arguments: object,
        log: Path,
        environment: Mapping[str, str] | None = None,
        python: Iterable[str] = (),
        **more,
    ) -> Process:
        """Start ``ganjax ARGUMENTS`` as a user does, in a new process.

        Args:
          log: the file of its output. The process runs in the folder of this file.
          environment: further environment variables.
          python: options of Python.
          more: further arguments of ``subprocess.Popen``.
        """
        line = [sys.executable, *python, "-m", "ganjax", *arguments]
        full = {**self.environment, **(environment or {})}
        return Process.started(line, log, full, **more)

    def train(self, run: Path, *more: object, **options) -> Process:
        """Start or resume the training of ``run`` as a user does."""
        options.setdefault("log", run.parent / "train.txt")
        return self.start("train", *self._training(run, more), **options)

    def run(self, *arguments: object, log: Path) -> Done:
        """Run ``ganjax ARGUMENTS`` to its end, in a process that has imported ganjax
        before (Linux)."""
        if not sys.platform.startswith("linux"):
            return self.start(*arguments, log=log).ended()
        with self.lock:
            if self._prepared is None or self._prepared.ended():
                self._prepared = Prepared(self.environment)
        started = self._prepared.start([str(x) for x in arguments], log)
        return Process(started, log).ended()

    def trained(self, run: Path, *more: object, log: Path | None = None) -> Done:
        """Train or resume ``run`` to its end, as ``Place.run`` does."""
        log = log or run.parent / "again.txt"
        return self.run("train", *self._training(run, more), log=log)

    def goes_on(self, run: Path, *more: object, log: Path | None = None) -> Done:
        """Raise ``Fell`` unless the same command continues a run to its end."""
        done = self.trained(run, *more, log=log)
        must(done.code == 0, f"again: exit code {done.code}: {done.text[-400:]}")
        return done

    def _training(self, run, more):
        return [f"--config={self.config}", f"--workdir={run}", *more]

    def close(self) -> None:
        """End the process from which the processes of ``run`` start."""
        with self.lock:
            if self._prepared is not None:
                self._prepared.close()
            self._prepared = None

    def undisturbed(self, *fields: str) -> Path:
        """Return the folder of a run of the config with ``--config.FIELD=VALUE`` that
        nothing disturbs."""
        name = "-".join(x.removeprefix("--config.") for x in fields) or "plain"
        run = self.root / "whole" / name.replace("/", "_") / "run"
        with self.lock:
            if not (run / "report.html").exists():
                shutil.rmtree(run.parent, ignore_errors=True)
                run.parent.mkdir(parents=True)
                done = self.trained(run, *fields)
                must(done.code == 0, f"the undisturbed run fails: {done.text[-800:]}")
        return run

    def stopped(self, folder: Path) -> Path:
        """Return a run that was stopped at step 200 of 400, with checkpoints at 160,
        180 and 200: a copy in ``folder``."""
        source = self.undisturbed("--config.steps=200")
        run = folder / "run"
        shutil.copytree(source, run)
        return run

    def same(self, run: Path, *fields: str, rows_from: int = 0) -> str:
        """Raise ``Fell`` unless a run has the state, the rows, the scores and the
        pictures of the undisturbed run. Return words about this.

        Args:
          rows_from: the first step whose rows are compared.
        """
        whole = self.undisturbed(*fields)
        difference = _first_difference(whole, run, rows_from)
        must(not difference, f"{difference} differs from the undisturbed run")
        return "ends as the undisturbed run"


def status(run: Path) -> dict:
    """Return the content of a status.json; empty if there is none."""
    try:
        return json.loads((run / "status.json").read_text())
    except (OSError, ValueError):
        return {}


def finished(run: Path) -> list[int]:
    """Return the steps of the finished checkpoints of a run."""
    found = (run / "checkpoints").glob("*/manifest.json")
    return sorted(int(x.parent.name) for x in found if x.parent.name.isdecimal())


def contents(folder: Path) -> dict[str, bytes]:
    """Return the content of each file of a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _first_difference(whole, run, rows_from) -> str:
    kept, found = status(whole), status(run)
    for name in ("state", "step", "state_digest"):
        if kept.get(name) != found.get(name):
            return f"status.json: {name}={found.get(name)}"
    rows = (_rows(x / "metrics.jsonl", rows_from) for x in (whole, run))
    if next(rows) != next(rows):
        return "metrics.jsonl"
    names = []
    for pattern in ("evaluation/*.json", "samples/*.png"):
        names += [str(x.relative_to(whole)) for x in sorted(whole.glob(pattern))]
    for name in names:
        path = run / name
        if not path.exists() or path.read_bytes() != (whole / name).read_bytes():
            return name
    return ""


def _rows(path, first) -> list[bytes]:
    """Return the lines of rows from a step on."""
    lines = path.read_bytes().splitlines() if path.exists() else []
    return [x for x in lines if not first or json.loads(x)["step"] >= first]
