"""Fuzz a target for a time, in a process that is started again when it dies."""

import dataclasses
import re
import subprocess
import sys
import time
from pathlib import Path

from .targets import Target

ROOT = Path(__file__).parents[2]
# Of libFuzzer: seconds for one input, bytes of an input, and figures at the end. The
# code of safetensors is not followed, so its valid files are kept only as seeds.
_OPTIONS = {"timeout": 60, "max_len": 4096, "print_final_stats": 1, "keep_seed": 1}
# A line of libFuzzer: executions, edges of the program, features, inputs kept.
_PULSE = re.compile(r"^#(\d+)\s.*cov: (\d+) ft: (\d+) corp: (\d+)/", re.MULTILINE)
_PEAK = re.compile(r"^stat::peak_rss_mb:\s+(\d+)", re.MULTILINE)


@dataclasses.dataclass
class Figures:
    """What a target took and found.

    Attributes:
      executions: inputs that were read.
      seconds: the time, with imports.
      coverage, features: edges of the program, and features of libFuzzer, that were
        reached.
      corpus: inputs that are kept, because each reaches something else.
      peak: the largest memory of the process, in MiB.
      crashes: kinds of errors, and inputs that ended the process, also from earlier
        sessions in the same folder.
    """

    executions: int = 0
    seconds: float = 0.0
    coverage: int = 0
    features: int = 0
    corpus: int = 0
    peak: int = 0
    crashes: int = 0


def fuzz(target: Target, seconds: float, folder: Path, memory: int) -> Figures:
    """Fuzz a target.

    Args:
      target: the target.
      seconds: the time.
      folder: keeps ``corpus``, from which a later session goes on, ``crashes``, and
        the output of libFuzzer.
      memory: the most memory of the process, in MiB. An input that needs more is a
        crash.
    """
    corpus, crashes = folder / "corpus", folder / "crashes"
    for path in (corpus, crashes):
        path.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(target.seeds()):
        (corpus / f"seed{number}").write_bytes(seed)
    found, start = Figures(), time.monotonic()
    while (left := seconds - (time.monotonic() - start)) > 1:
        options = {**_OPTIONS, "rss_limit_mb": memory, "max_total_time": int(left)}
        options["artifact_prefix"] = f"{crashes.absolute()}/"
        output = _child(target, folder, options, corpus)[1]
        for path in crashes.glob("timeout-*"):
            # The process may have been stopped for a while. Only a repeated one counts.
            if _child(target, folder, _OPTIONS, path)[0] == 0:
                path.unlink()
        with (folder / "libfuzzer.log").open("a") as log:
            log.write(output)
        _add(found, output)
        if not _PULSE.search(output):
            raise RuntimeError(f"{target.name}: libFuzzer did not start\n{output}")
    found.seconds = time.monotonic() - start
    found.crashes = sum(path.suffix != ".txt" for path in crashes.iterdir())
    return found


def _child(target, folder, options, what):
    """Return the exit code and the output of a process that reads inputs."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.fuzz.child", target.name, folder.absolute(),
         *(f"-{name}={value}" for name, value in options.items()), what.absolute()],
        cwd=ROOT, capture_output=True,
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def _add(found, output):
    for executions, coverage, features, corpus in _PULSE.findall(output)[-1:]:
        found.executions += int(executions)
        found.coverage = max(found.coverage, int(coverage))
        found.features = max(found.features, int(features))
        found.corpus = int(corpus)
    for peak in _PEAK.findall(output):
        found.peak = max(found.peak, int(peak))


def total(figures: list[Figures]) -> Figures:
    """Return the sums of the figures of targets, and the largest memory."""
    names = [x.name for x in dataclasses.fields(Figures) if x.name != "peak"]
    sums = {name: sum(getattr(x, name) for x in figures) for name in names}
    return Figures(**sums, peak=max(x.peak for x in figures))
