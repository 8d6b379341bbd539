"""Rows about metrics: the Fréchet distance and neighbours, against other libraries."""

from pathlib import Path

import numpy as np

from benchmarks.child import Child
from benchmarks.record import NotRun, Part, Settings
from benchmarks.timing import Contender, compare
from ganjax.metrics import (
    covariance_root,
    density_coverage,
    frechet_distance,
    frechet_from_root,
    moments,
    precision_recall,
)

NEAREST = 5
OURS, OURS_ALL, THEIRS = "precision, recall", "all four numbers", "prdc, all four"


def frechet(settings: Settings) -> list[Part]:
    """Compare the Fréchet distance of ganjax with the usual code, which takes scipy's
    matrix square root of the product of both covariances.

    All programs start from the same means and covariances, which have full rank.
    """
    import scipy.linalg

    width = settings.size(2048, 64)
    rng = np.random.default_rng(0)
    real = rng.standard_normal((4 * width, width), np.float32)
    fake = 1.1 * rng.standard_normal((4 * width, width), np.float32) + 0.1
    (mean1, cov1), (mean2, cov2) = moments(real), moments(fake)
    root = covariance_root(cov1)
    del real, fake
    values = {}

    def by_root_of_product():
        # pytorch-fid and its descendants (after Heusel et al. 2017).
        cross = scipy.linalg.sqrtm(cov1 @ cov2)
        squared = np.square(mean1 - mean2).sum()
        return squared + np.trace(cov1) + np.trace(cov2) - 2 * np.trace(cross.real)

    functions = {
        "frechet_distance": lambda: frechet_distance(mean1, cov1, mean2, cov2),
        "frechet_from_root": lambda: frechet_from_root(mean1, root, mean2, cov2),
        "scipy sqrtm": by_root_of_product,
    }

    def contender(name, function):
        def run(calls):
            for _ in range(calls):
                values[name] = float(function())

        return Contender(name, run)

    samples = compare(
        [contender(*item) for item in functions.items()], settings.windows
    )
    reference = values["scipy sqrtm"]
    worst = max(abs(value / reference - 1) for value in values.values())
    if worst > 1e-6:
        raise NotRun(f"the distances differ by {worst:.1e}: {values}")
    part = Part(
        f"squared distance from moments, d = {width}",
        "s",
        samples,
        notes=[
            f"all values agree to {worst:.1e} (1e-6 is allowed)",
            "frechet_from_root: the root of the real covariance is given, as in an "
            "evaluator",
        ],
    )
    part.faster("frechet_distance", "scipy sqrtm", must=5, aim=20)
    part.faster("frechet_from_root", "scipy sqrtm")
    return [part]


class Neighbours:
    """One implementation of the scores of nearest neighbours on two sets of random
    features, for a ``Child`` process.

    Args:
      way: ``OURS``, ``OURS_ALL`` or ``THEIRS`` (the package prdc).
      count: features in each set.
      width: length of a feature vector.
    """

    def __init__(self, way: str, count: int, width: int):
        if way == THEIRS:
            from prdc import compute_prdc  # noqa: F401  (import before the baseline)
        self._way = way
        rng = np.random.default_rng(0)
        self._real = rng.standard_normal((count, width), np.float32)
        self._fake = rng.standard_normal((count, width), np.float32)
        self._values = {}
        self._before = self._most = _peak()

    def run(self, calls: int) -> None:
        for _ in range(calls):
            self._values = self._compute()
        self._most = _peak()

    def values(self) -> dict[str, float]:
        return self._values

    def peak(self) -> float:
        """Return the peak memory minus the peak before ``run``, in MiB, at least 1."""
        return max(self._most - self._before, 1.0)

    def _compute(self):
        real, fake = self._real, self._fake
        if self._way == THEIRS:
            from prdc import compute_prdc

            found = compute_prdc(real, fake, nearest_k=NEAREST)
            return {name: float(value) for name, value in found.items()}
        found = precision_recall(real, fake, k=NEAREST)
        if self._way == OURS_ALL:
            found |= density_coverage(real, fake, k=NEAREST)
        return found


def neighbours(settings: Settings) -> list[Part]:
    """Compare precision, recall, density and coverage with the package prdc, in time
    and in peak memory. Each program has a separate process."""
    try:
        import prdc  # noqa: F401
    except ImportError as error:
        raise NotRun(f"prdc cannot be imported: {error}") from error

    options = settings.size(
        {"count": 10_000, "width": 2048}, {"count": 1000, "width": 64}
    )
    children = {
        way: Child("benchmarks.distances:Neighbours", {"way": way, **options})
        for way in (OURS, OURS_ALL, THEIRS)
    }
    try:
        samples = compare(
            [Contender(way, child.run) for way, child in children.items()],
            settings.windows,
        )
        peaks = {way: [child.ask("peak")] for way, child in children.items()}
        values = {way: child.ask("values") for way, child in children.items()}
    finally:
        for child in children.values():
            child.__exit__(None, None, None)
    notes = []
    for name, value in values[OURS_ALL].items():
        other = values[THEIRS][name]
        # prdc computes distances in single precision, so a few points at the edge of a
        # ball are counted differently.
        if abs(value - other) > 5e-3 * max(1.0, abs(other)):
            raise NotRun(f"{name} is {value:.6g} here and {other:.6g} by prdc")
        notes.append(f"{name}: {value:.6g}, by prdc {other:.6g}")
    title = "{count:,} × {width} float32, nearest_k = {k}".format(k=NEAREST, **options)
    time, memory = Part(title, "s", samples, notes=notes), Part(title, "MiB", peaks)
    time.faster(OURS, THEIRS, must=2, aim=5)
    time.faster(OURS_ALL, THEIRS)
    memory.costs(OURS, THEIRS, must=0.25, aim=0.1)
    memory.costs(OURS_ALL, THEIRS)
    memory.notes.append("peak of the process minus its peak before the computation")
    return [time, memory]


def _peak() -> float:
    """Return this process's peak of memory so far, in MiB.

    The maximum of ``getrusage`` survives ``exec``, so a child would start with the peak
    of its parent.
    """
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise NotRun("the kernel does not report a process's peak of memory (VmHWM)")
