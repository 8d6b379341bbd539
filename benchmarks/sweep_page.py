"""Measure the page of a large sweep. Prints JSON.

    python -m benchmarks.sweep_page --trials=2000

The trials are synthetic: settings with 8 seeds, 10 scores, and curves of 10 numbers at
60 steps. ``write`` is the time of ``write_sweep_report`` without reading the folder of
the sweep, and ``read`` is the time to read a folder with these trials. The other times
are milliseconds in headless Chromium, which must be installed: until the page is open,
to sort, and to filter the table, each with the layout of the page, and to draw the
plots of the filtered settings. A sort and a filter are the slowest of five.
"""

import argparse
import itertools
import json
import subprocess
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

from ganjax.report import read_sweep
from ganjax.report.sweep import as_csv
from ganjax.report.sweep_page import SweepPage, write_page
from ganjax.report.thumbnails import thumbnail
from ganjax.run_files import RunFiles, write_json, write_whole
from ganjax.sweep_files import FORMAT

BROWSER = ("chromium", "--headless", "--no-sandbox", "--disable-gpu",
           "--enable-logging=stderr", "--v=0")  # fmt: skip
AXES = {
    "loss.name": ("hinge", "least_squares", "nonsaturating", "relativistic_pairing",
                  "wasserstein"),
    "optimizers.generator.learning_rate": ("1e-05", "3e-05", "0.0001", "0.0003",
                                           "0.001"),
    "networks.generator.width": ("32", "64"),
    "regularizers.r1.weight": ("0.0", "0.1", "1.0", "10.0", "100.0"),
}  # fmt: skip
SEEDS, STEPS = 8, 60
# Seconds that the browser may take.
PATIENCE = 60
DIRECTIONS = {"fd_inception": "lower", "precision": "higher", "recall": "higher",
              "density": "higher", "coverage": "higher", "kd": "lower",
              "inception_score": "higher", "swd": "lower", "modes": "higher",
              "high_quality": "higher"}  # fmt: skip
# Uses the controls of the page as a reader does, and reports the page's own timings.
ACTIONS = """
<script>
addEventListener("load", () => setTimeout(async () => {
  const worst = {};
  const frame = () => new Promise(done =>
    requestAnimationFrame(() => setTimeout(done, 50)));
  const note = name =>
    { worst[name] = Math.max(worst[name] ?? 0, window.ganjaxTimings[name] ?? 0); };
  const use = async (rows) => {
    if (rows) [...document.querySelectorAll(".tab")].at(-1).click();
    for (let i = 0; i < 5; i++) {
      document.querySelectorAll(".sort")[i % 2 + 4].click();
      await frame();
      note("sort");
    }
    const find = document.querySelector("#find");
    for (const text of ["hinge", "hinge seed=3", "", "width=64 failed|0.1", ""]) {
      find.value = text;
      find.dispatchEvent(new Event("input"));
      await frame();
      note("filter");
      note("plots");
    }
  };
  const { opened, table } = window.ganjaxTimings;
  const [{ loadEventEnd }] = performance.getEntriesByType("navigation");
  await use(false);
  await use(true);
  const rows = document.querySelectorAll("tbody tr").length;
  console.log("measured " + JSON.stringify({ load: loadEventEnd, opened, table,
    ...worst,
    elements: document.querySelectorAll("*").length, rows }) + " end");
}, 300));
</script>
"""


def synthetic(folder: Path, count: int) -> None:
    """Write the folder of a sweep with ``count`` trials, as a sweep leaves it."""
    random = np.random.default_rng(0)
    points = [dict(zip(AXES, values, strict=True))
              for values in itertools.product(*AXES.values())]  # fmt: skip
    points = [p | {"seed": str(s)} for p in points for s in range(SEEDS)][:count]
    ids = [f"{i:010x}" for i in range(len(points))]
    reference = random.standard_normal((640, 2))
    for trial, point in zip(ids, points, strict=True):
        files = RunFiles(folder / "trials" / trial)
        files.describe({"seed": int(point["seed"])})
        rate = np.log10(float(point["optimizers.generator.learning_rate"])) + 4
        good = (rate - 0.3) ** 2 + 0.3 * list(AXES["loss.name"]).index(
            point["loss.name"]
        )
        steps = (np.arange(STEPS) + 1) * 500
        rows = {"step": steps.tolist()}
        decay = np.exp(-np.arange(STEPS) / 15)
        for name in DIRECTIONS:
            sign = 1 if DIRECTIONS[name] == "lower" else -1
            curve = 3 + sign * (good + 2 * decay) + 0.2 * random.standard_normal(STEPS)
            rows[f"evaluation/{name}"] = curve.tolist()
        write_whole(files.metrics, "".join(
            json.dumps(dict(zip(rows, row, strict=True))) + "\n"
            for row in zip(*rows.values(), strict=True)
        ))  # fmt: skip
        write_json(files.evaluation(int(steps[-1])), {
            "protocol": {"step": int(steps[-1])}, "directions": DIRECTIONS,
        })  # fmt: skip
        state = {"state": "finished", "step": int(steps[-1])}
        if random.random() < 0.02:
            state |= {"state": "failed", "exit_reason": "generator/loss is nan"}
        write_json(files.status, state)
        picture = files.picture(int(steps[-1]))
        picture.parent.mkdir()
        samples = reference + good * random.standard_normal((640, 2)) / 5
        picture.write_bytes(thumbnail(samples, reference))
    trials = [
        {"id": i, "point": p, "kind": 0} for i, p in zip(ids, points, strict=True)
    ]
    held = {"format": FORMAT, "kinds": [{"steps": 1}], "trials": trials}
    write_json(folder / "sweep.json", held)


def in_browser(page: Path) -> dict[str, float]:
    """Return the timings of a page in milliseconds, as headless Chromium measures them.

    Raises:
      RuntimeError: if the browser ends before it reports.
    """
    text = page.read_text(encoding="utf-8").replace("</body>", ACTIONS + "</body>")
    copy = page.with_name("measured.html")
    copy.write_text(text, encoding="utf-8")
    with tempfile.TemporaryDirectory() as profile, subprocess.Popen(
        [*BROWSER, f"--user-data-dir={profile}", "--window-size=1200,1000",
         "--remote-debugging-port=0", copy.absolute().as_uri()],
        stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True,
    ) as browser:  # fmt: skip
        alarm = threading.Timer(PATIENCE, browser.terminate)
        alarm.start()
        said = []
        try:
            for line in browser.stderr:
                said.append(line)
                if "measured {" in line:
                    return json.loads(line.split("measured ")[1].split(" end")[0])
        finally:
            alarm.cancel()
            browser.terminate()
            copy.unlink()
    errors = "".join(line for line in said if "CONSOLE" in line)
    raise RuntimeError(f"the page reported no timings in {PATIENCE} s:\n{errors}")


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--trials", type=int, default=2000, help="at most 2,000")
    flags.add_argument("--keep", type=Path, help="folder for the sweep, which is kept")
    flags = flags.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = flags.keep or Path(temporary)
        synthetic(folder, flags.trials)
        start = time.perf_counter()
        records = read_sweep(folder)
        read = time.perf_counter()
        write_whole(folder / "table.csv", as_csv(records))
        page = write_page(folder, SweepPage(records))
        wrote = time.perf_counter()
        others = sorted(folder.glob("report_files/*"))
        record = {
            "trials": len(records.trials),
            "settings": len(records.cells),
            "read_seconds": read - start,
            "write_seconds": wrote - read,
            "page_bytes": page.stat().st_size,
            "other_bytes": sum(path.stat().st_size for path in others),
            "other_files": len(others),
            "milliseconds": in_browser(page),
        }
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
