"""SIGINT, SIGTERM, SIGHUP, SIGUSR1 and SIGUSR2, once and twice, in every phase."""

import time
from signal import SIGINT

from ganjax.signals import STOPS
from ganjax.sweep_files import SweepFiles, is_over

from .place import finished, must, status
from .row import Row

# What a phase looks like from outside: ``run -> whether it is reached``.
PHASES = {
    "the import": lambda run: True,
    "compilation": lambda run: (run / "config.json").exists(),
    "training": lambda run: max(finished(run), default=0) >= 40,
    "a save": lambda run: bool(_unsealed(run)),
    "scoring": lambda run: status(run).get("step", 0) >= 200,
}
LIMIT = 30.0  # seconds in which a command must end


def _unsealed(run):
    found = (run / "checkpoints").glob("[0-9]*")
    return [x for x in found if not (x / "manifest.json").exists()]


def train(place, folder, number, rng, twice=False):
    """Signal a training run, and run the same command again."""
    run, name, signal = folder / "run", _nth(PHASES, number // 5), _nth(STOPS, number)
    process = place.train(run)
    process.until(lambda: PHASES[name](run))
    _pause(process, rng, 0.3)
    at = status(run).get("step", 0)
    _send(process, signal, rng, twice)
    done = process.ended(LIMIT)
    if done.code == 0:
        return f"{place.same(run)}; {signal.name} came after its end"
    _stopped(done, signal, twice)
    if status(run):
        kept = max(finished(run), default=0)
        must(status(run)["state"] in ("interrupted", "running"), "state")
        must(twice or kept >= at, f"{at - kept} steps lost")
    place.goes_on(run)
    return f"{place.same(run)}; {signal.name} in {name}"


def evaluate(place, folder, number, rng, twice=False):
    """Signal the evaluation of a run at a random moment."""
    run, signal = place.stopped(folder), _nth(STOPS, number)
    asked = ("evaluate", f"--workdir={run}", "--metrics=modes", "--seeds=0-39")
    before = len(list(run.glob("evaluation/protocol-*")))
    process = place.start(*asked, log=folder / "scores.txt")
    _pause(process, rng, 8)
    _send(process, signal, rng, twice)
    done = process.ended(LIMIT)
    if done.code:
        _stopped(done, signal, twice)
    written = len(list(run.glob("evaluation/protocol-*"))) - before
    if "incomplete" in done.text:
        must(f"incomplete, {written} of 40 evaluations" in done.text, done.last)
    again = place.run(*asked[:-1], log=folder / "again.txt")
    must(again.code == 0, f"exit code {again.code}: {again.text[-400:]}")
    return f"{signal.name}, {written} of 40 evaluations are written"


def report(place, folder, number, rng):
    """Signal the writing of a report. The page is the old one or the new one."""
    run, signal = place.stopped(folder), _nth(STOPS, number)
    old = (run / "report.html").read_bytes()
    process = place.start("report", run, log=folder / "report.txt")
    _pause(process, rng, 5)
    process.send(signal)
    done = process.ended(LIMIT)
    if done.code:
        _stopped(done, signal)
    page = (run / "report.html").read_bytes()
    must(page == old or page.rstrip().endswith(b"</html>"), "half a page")
    again = place.run("report", run, log=folder / "again.txt")
    must(again.code == 0, f"exit code {again.code}: {again.text[-400:]}")
    return f"{signal.name}, exit code {done.code}"


def sweep(place, folder, number, rng, twice=False):
    """Signal a sweep, and run the same command again."""
    path, signal = folder / "sweep", _nth(STOPS, number)
    asked = (
        "sweep", f"--config={place.config}", f"--workdir={path}", "--population=map",
    )  # fmt: skip
    process = place.start(*asked, log=folder / "sweep.txt")
    if number >= 5:  # the first cases: during the import and the planning
        process.until(lambda: (path / "groups").exists())
    _pause(process, rng, 6)
    _send(process, signal, rng, twice)
    done = process.ended(LIMIT)
    if done.code:
        _stopped(done, signal, twice)
    states = [x["state"] for x in SweepFiles(path).statuses().values()]
    must("failed" not in states, f"states {states}")
    again = place.run(*asked, log=folder / "again.txt")
    must(again.code == 0, f"exit code {again.code}: {again.text[-400:]}")
    states = [x["state"] for x in SweepFiles(path).statuses().values()]
    must(states == ["finished"] * 4, f"states {states}")
    return f"{signal.name}, then all trials finish"


def reproduce(place, folder, number, rng, twice=False):
    """Signal the reproduction of a paper's figure while its trials run."""
    out, signal = folder / "out", _nth(STOPS, number)
    process = place.start("reproduce", "pacgan", f"--out={out}", log=folder / "log.txt")
    if number >= 5:
        process.until(lambda: (out / "ring/groups").exists())
    _pause(process, rng, 6)
    _send(process, signal, rng, twice)
    done = process.ended(LIMIT)
    _stopped(done, signal, twice)
    left = {x.name for x in out.iterdir()} if out.exists() else set()
    must(left <= {"ring"}, f"an incomplete experiment wrote {sorted(left)}")
    must("measured" not in done.text, "an incomplete experiment was judged")
    if "trials in" in done.text:
        files = SweepFiles(out / "ring")
        over = sum(map(is_over, files.statuses().values()))
        must(f"incomplete, {over} of 16 trials" in done.text, done.last)
    elif "pacgan, quick scale" in done.text and not twice:
        must("pacgan: incomplete" in done.text, done.text[-400:])
    return f"{signal.name}, nothing is judged"


def twice(place, folder, number, rng):
    """Signal a command twice. The exit is forced, or the command has stopped."""
    command = (train, evaluate, sweep, reproduce)[number // 5]
    said = command(place, folder, 10 + number % 5, rng, twice=True)
    return f"{command.__name__}, two signals: {said}"


def judging(place, folder, number, rng):
    """Signal an experiment of seconds, also while it is drawn and judged."""
    out, signal = folder / "out", _nth(STOPS, number)
    asked = ("reproduce", "dirac_gan", f"--out={out}")
    process = place.start(*asked, log=folder / "log.txt")
    written = (out / "results.json").exists if number % 2 else out.exists
    process.until(written)
    _pause(process, rng, 0.5 if number % 2 else 4)
    process.send(signal)
    done = process.ended(LIMIT)
    left = {x.name for x in out.iterdir()}
    if done.code:
        _stopped(done, signal)
        must("verdict.json" not in left or "holds" in done.text, f"wrote {left}")
    again = place.run(*asked, log=folder / "again.txt")
    must(again.code == 0, f"exit code {again.code}: {again.text[-400:]}")
    return f"{signal.name}, {', '.join(sorted(left)) or 'no file'}"


def _nth(values, number):
    values = list(values)
    return values[number % len(values)]


def _pause(process, rng, most):
    limit = time.monotonic() + rng.uniform(0, most)
    process.until(lambda: time.monotonic() > limit)


def _send(process, signal, rng, twice):
    process.send(signal)
    if twice:
        time.sleep(rng.uniform(0, 2))
        process.send(signal)


def _stopped(done, signal, twice=False):
    """The exit code is the documented one. It is -n, which a shell shows as 128 + n, if
    a signal comes before ganjax answers signals, or a second one at its exit. Python
    answers SIGINT with its own message and code 1 while it starts, before any code of
    ganjax runs."""
    answered = f"{signal.name}: " in done.text
    if done.code == -signal and (twice or not answered):
        return
    starting = signal == SIGINT and "init_import_site" in done.text
    if done.code == 1 and starting:
        return
    must(done.code == 128 + signal, f"exit code {done.code}: {done.text[-300:]}")
    must("Traceback" not in done.text, f"a traceback: {done.text[-600:]}")
    must(answered, "no line about the signal")


KEPT = "0 steps lost; exit code 128 + n; the same command goes on to the same result"
WHOLE = "nothing incomplete is judged or written; exit code 128 + n; the command "
ROWS = (
    Row("signal_train", "a signal to ganjax train, in 5 phases", KEPT, 100, train),
    Row("signal_evaluate", "a signal to ganjax evaluate", WHOLE + "works", 20,
        evaluate),
    Row("signal_report", "a signal to ganjax report", WHOLE + "works", 20, report),
    Row("signal_sweep", "a signal to ganjax sweep", WHOLE + "goes on", 20, sweep),
    Row("signal_reproduce", "a signal to ganjax reproduce (sweeps)",
        WHOLE + "goes on", 20, reproduce),
    Row("signal_twice", "two signals to train, evaluate, sweep, reproduce",
        "the command ends within 30 s; nothing incomplete is judged; the same command "
        "goes on", 20, twice),
    Row("signal_judging", "a signal to ganjax reproduce (computing, judging)",
        WHOLE + "works", 10, judging),
)  # fmt: skip
