"""Measure precision and recall of collapsed samples. Prints JSON.

    python -m benchmarks.collapsed --count=10000 --widths 2 2048

The real samples are normal, and different. The generated samples are all different,
half of them equal, or all equal. Each case has a separate process, so that a peak of
memory belongs to one case. ``peak_MiB`` is above the memory of the process that already
holds both sets.
"""

import argparse
import json
import multiprocessing
import resource
import time

import numpy as np

SHARES = {"distinct": 0.0, "half equal": 0.5, "all equal": 1.0}


def scored(count: int, width: int, share: float) -> dict[str, float]:
    """Score ``count`` samples, of which the ``share`` is equal. Return the CPU seconds
    of all threads, the seconds and the peak of memory above the sets, in MiB."""
    from ganjax.metrics import precision_recall

    rng = np.random.default_rng(0)
    real, fake = rng.standard_normal((2, count, width), np.float32)
    fake[: round(share * count)] = fake[0]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start, cpu = time.perf_counter(), time.process_time()
    precision_recall(real, fake)
    return {
        "cpu_seconds": time.process_time() - cpu,
        "seconds": time.perf_counter() - start,
        "peak_MiB": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
        / 1024,
    }


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--count", type=int, default=10_000)
    flags.add_argument("--widths", type=int, nargs="+", default=[2, 2048])
    flags = flags.parse_args()
    record = {}
    for width in flags.widths:
        for name, share in SHARES.items():
            with multiprocessing.get_context("spawn").Pool(1) as pool:
                found = pool.apply(scored, (flags.count, width, share))
            record[f"D={width}, {name}"] = found
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
