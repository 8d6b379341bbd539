"""Runs, reports and weight files of somebody else."""

import json
import os
import pickle

from .place import must
from .row import Row

# HTML that would run if a page did not escape it.
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def _hostile_code(folder):
    (folder / "hostile.py").write_text(
        f"open({str(folder / 'executed')!r}, 'w').close()\ndef loss(*_): return 0\n"
    )
    return "hostile:loss"


def code(place, folder, number, rng):
    """Read a run whose config names code in its folder. No command may run it."""
    run, path = place.stopped(folder), _hostile_code(folder)
    config = json.loads((run / "config.json").read_text())
    fields = ("loss", "networks", "data")
    if fields[number % 3] == "networks":
        config["networks"]["generator"]["name"] = path
    else:
        config[fields[number % 3]]["name"] = path
    (run / "config.json").write_text(json.dumps(config))
    record = json.loads((run / "run.json").read_text())
    record["code"]["folders"] = [str(folder)]
    (run / "run.json").write_text(json.dumps(record))
    what = ("evaluate", "sample", "report")[number // 3 % 3]
    done = place.run(what, f"--workdir={run}", log=run / "log.txt")
    must(not (folder / "executed").exists(), f"ganjax {what} ran foreign code")
    if done.code:
        done.one_line(2)
    return f"{what}, {fields[number % 3]}: exit code {done.code}, nothing ran"


def page(place, folder, number, rng):
    """Write the report of a run whose records hold HTML."""
    run = place.stopped(folder)
    if number == 0:
        record = json.loads((run / "run.json").read_text())
        record["command"] = HOSTILE
        record["overrides"] = {HOSTILE: HOSTILE}
        (run / "run.json").write_text(json.dumps(record))
    elif number == 1:
        held = json.loads((run / "status.json").read_text())
        (run / "status.json").write_text(json.dumps({**held, "exit_reason": HOSTILE}))
    elif number == 2:
        row = json.dumps({"step": 300, HOSTILE: 1.0})
        with (run / "metrics.jsonl").open("a") as file:
            file.write(row + "\n")
    elif number == 3:
        path = run / "evaluation/00000200.json"
        held = json.loads(path.read_text())
        held["scores"][HOSTILE] = 1.0
        path.write_text(json.dumps(held))
    else:
        held = json.loads((run / "environment.json").read_text())
        (run / "environment.json").write_text(json.dumps({**held, "device": HOSTILE}))
    done = place.run("report", run, log=folder / "log.txt")
    if done.code:
        return f"refused: {done.one_line(2)[-100:]}"
    text = (run / "report.html").read_text()
    must("<script>alert(1)" not in text, "the report holds a foreign script")
    must("<img src=x" not in text, "the report holds foreign HTML")
    return "the page escapes it"


def linked(place, folder, number, rng):
    """Replace a file of a run by a link to a file of the reader."""
    run, secret = place.stopped(folder), folder / "secret.txt"
    secret.write_text("the secret of the reader")
    name = ("command.txt", "train.log", "environment.json", "run.json")[number]
    (run / name).unlink(missing_ok=True)
    os.symlink(secret, run / name)
    (run / "report.html").unlink()
    done = place.run("report", run, log=folder / "log.txt")
    page = run / "report.html"
    must(
        not page.exists() or "the secret of the reader" not in page.read_text(),
        f"the report holds the target of {name}",
    )
    must("the secret of the reader" not in done.text, "the output holds the target")
    if done.code:
        done.one_line(2)
    return f"{name}: exit code {done.code}, the report does not hold its target"


class _Executes:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


def weights(place, folder, number, rng):
    """Give a pickle in place of a file of an extractor's weights."""
    run, mark = place.stopped(folder), folder / "executed"
    name = ("weights.pkl", "weights.npz", "weights.pt", "weights.msgpack")[number]
    (folder / name).write_bytes(pickle.dumps(_Executes(str(mark))))
    done = place.run(
        "evaluate",
        f"--workdir={run}",
        "--metrics=frechet",
        "--extractor=inception",
        f"--weights={folder / name}",
        log=folder / "log.txt",
    )
    must(not mark.exists(), f"{name} was executed")
    done.one_line(2)
    return f"{name}: refused"


NOTHING = "nothing is executed, nothing leaks, everything is escaped"
ROWS = (
    Row("code", "a foreign run whose config names code", NOTHING, 9, code),
    Row("page", "a foreign run whose records hold HTML", NOTHING, 5, page),
    Row("link", "a foreign run with links to the reader's files", NOTHING, 4, linked),
    Row("weights", "a pickle in place of weights", NOTHING, 4, weights),
)
