"""Compare this checkout with another revision of the repository, bit for bit.

    python scripts/same_bits.py --revision=b780dc8
    python scripts/same_bits.py --revision=HEAD --runs=ring8,quickstart --out=same.json

Both revisions train the same runs, one after another, in the same environment and on
the same cores, each with a separate compilation cache. Compared are the arrays of the
last state (parameters, variables, averages and optimizers) and the rows of
metrics.jsonl. The checkout is compared as it is on the disk, with uncommitted changes.
Exit codes: 0 all are equal, 3 one differs, 1 a run could not be trained, 2 bad input.
"""

import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ganjax import command_line
from ganjax.errors import BadInput, unknown

ROOT = Path(__file__).resolve().parents[1]
SECTIONS = ("params", "variables", "ema", "optimizer")

_LONG = {"steps": 300, "log.every": 100}
_SHORT = {"steps": 2, "log.every": 1}
# name of a run -> config file with its argument, and the fields that differ from it
RUNS = {
    "ring8": ("ring8", _LONG),
    "grid25": ("grid25", _LONG),
    "quickstart": ("quickstart", _LONG),
    "conditional_ring8": ("conditional_ring8", _LONG),
    "cyclegan_rings": ("cyclegan_rings", _LONG),
    "adversarial_autoencoder_swiss_roll": (
        "adversarial_autoencoder_swiss_roll",
        {**_LONG, "evaluation.names": "reconstruction,latents"},
    ),
    "sngan_cifar10": ("sngan_cifar10:tiny", _SHORT),
    "biggan_cifar10": ("biggan_cifar10:tiny", _SHORT),
    "stylegan2_ada_cifar10": ("stylegan2_ada_cifar10:tiny", _SHORT),
    "r3gan_cifar10": ("r3gan_cifar10:tiny", _SHORT),
}


class _Failed(Exception):
    """A command of one of the trees failed."""


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("--revision", help="what to compare with, as git names it")
    flags.add_argument("--runs", default=",".join(RUNS), help="some of them")
    flags.add_argument("--out", help="a JSON file of everything that was compared")
    flags.add_argument(
        "--record", metavar="RUN", help="print what is compared of one run, and end"
    )
    options = flags.parse_args(arguments)
    if options.record:
        print(json.dumps(record(Path(options.record))))
        return 0
    if not options.revision:
        raise BadInput("--revision: expected a revision to compare with")
    names = [name.strip() for name in options.runs.split(",")]
    for name in names:
        if name not in RUNS:
            raise unknown("--runs", name, RUNS)
    commit = _commit(options.revision)
    found = {
        "commit": _commit("HEAD"),
        "changed": bool(_git("status", "--porcelain").strip()),
        "revision": commit,
        "cores": len(os.sched_getaffinity(0)),
        "runs": {},
    }
    with tempfile.TemporaryDirectory(prefix="same-bits-") as folder:
        there = Path(folder) / "tree"
        _git("archive", f"--output={there}.zip", commit)
        shutil.unpack_archive(f"{there}.zip", there)
        print(f"{'run':36}{'steps':>6}{'leaves':>8}{'rows':>6}  against {commit[:7]}")
        for name in names:
            try:
                other = _trained(name, there, Path(folder) / "there")
                own = _trained(name, ROOT, Path(folder) / "here")
            except _Failed as error:
                command_line.fail(f"{name}: {error}")
                return 1
            difference = first_difference(own, other)
            said = {"difference": difference, "here": own, "there": other}
            found["runs"][name] = said
            print(
                f"{name:36}{RUNS[name][1]['steps']:6}{len(own['leaves']):8}"
                f"{len(own['rows']):6}  {difference or 'equal'}",
                flush=True,
            )
    if options.out:
        Path(options.out).write_text(
            json.dumps(found, indent=1) + "\n", encoding="utf-8"
        )
    return 3 if any(run["difference"] for run in found["runs"].values()) else 0


def record(run: Path) -> dict[str, Any]:
    """Return what is compared of the run in a folder: ``leaves``, a digest of each
    array of its last state, and ``rows``, the rows of its metrics.jsonl."""
    import ganjax

    package = Path(ganjax.__file__).resolve()
    assert package.is_relative_to(Path.cwd()), f"{package} is of another tree"
    loaded = ganjax.load(run)
    return {"leaves": digests(loaded.state), "rows": loaded.metrics}


def digests(state: Any) -> dict[str, str]:
    """Return path -> SHA-256 of type, shape and bytes, for each array of a state."""
    import jax
    import numpy as np

    tree = {section: getattr(state, section) for section in SECTIONS}
    found = {}
    for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        leaf = np.asarray(leaf)
        text = f"{leaf.dtype}|{leaf.shape}|".encode()
        digest = hashlib.sha256(text + np.ascontiguousarray(leaf).tobytes())
        found[jax.tree_util.keystr(path)] = digest.hexdigest()
    return found


def first_difference(here: Mapping[str, Any], there: Mapping[str, Any]) -> str:
    """Return in words where two results of ``record`` differ first. The text is empty
    if they are equal."""
    # The numbers first: of the rows, the earliest that differs says when it began.
    for i in range(max(len(here["rows"]), len(there["rows"]))):
        if not (i < len(here["rows"]) and i < len(there["rows"])):
            return f"{len(here['rows'])} rows here, {len(there['rows'])} there"
        own, other = here["rows"][i], there["rows"][i]
        if difference := _differs(_bits(own), _bits(other), own, other):
            return f"row {i} (step {own.get('step')}), {difference}"
    own, other = here["leaves"], there["leaves"]
    return _differs(own, other, own, other)


def _differs(own, other, here, there):
    for name in sorted(own | other):
        if own.get(name) != other.get(name):
            said = (f"{x.get(name, 'absent')!s:.24}" for x in (here, there))
            return "{}: {} here, {} there".format(name, *said)
    return ""


def _bits(row):
    return {name: struct.pack("<d", value) for name, value in row.items()}


def _trained(name, tree, folder):
    """The record of a run that a tree trains in a folder."""
    folder.mkdir(exist_ok=True)
    config, fields = RUNS[name]
    file, colon, argument = config.partition(":")
    run = folder / name
    _call(
        tree,
        folder,
        "scripts/train.py",
        f"--config=configs/{file}.py{colon}{argument}",
        f"--workdir={run}",
        *(f"--config.{field}={value}" for field, value in fields.items()),
    )
    return json.loads(_call(tree, folder, str(Path(__file__)), f"--record={run}"))


def _call(tree, folder, *command):
    environment = {
        **os.environ,
        "PYTHONPATH": str(tree),
        "JAX_COMPILATION_CACHE_DIR": str(folder / "cache"),
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise _Failed(
            f"{' '.join(command)} in {tree}: exit code {done.returncode}, "
            f"{said[-1] if said else 'nothing on stderr'}"
        )
    return done.stdout


def _commit(revision):
    name = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    return name.decode().strip()


def _git(*command):
    try:
        done = subprocess.run(["git", *command], cwd=ROOT, capture_output=True)
    except FileNotFoundError as error:
        raise BadInput("expected git, found none") from error
    if done.returncode:
        said = done.stderr.decode().strip() or "there is no such revision here"
        raise BadInput(f"git {' '.join(command)}: {said}")
    return done.stdout


if __name__ == "__main__":
    command_line.run(main)
