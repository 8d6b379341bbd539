"""Bits and files of a stopped run that change, vanish or appear before it goes on."""

import json
import shutil

from .place import contents, finished, must, status
from .row import Row

# What may happen to a file, by name: ``(path, rng) -> None``.
FATES = {
    "truncated": lambda path, rng: path.write_bytes(
        path.read_bytes()[: path.stat().st_size // 2]
    ),
    "emptied": lambda path, rng: path.write_bytes(b""),
    "zeroed": lambda path, rng: path.write_bytes(bytes(path.stat().st_size)),
    "removed": lambda path, rng: path.unlink(),
    "appended to": lambda path, rng: path.write_bytes(path.read_bytes() + b"{\x00"),
}
# Files of a run outside its checkpoints, which a run needs or writes.
RECORDS = (
    "status.json", "metrics.jsonl", "timing.jsonl", "run.json", "config.json",
    "data.json", "environment.json", "train.log", "evaluation/00000200.json",
    "report.html", "samples/step_00000200.png",
)  # fmt: skip


def one_bit(place, folder, number, rng):
    """Flip one bit of one of the checkpoints, usually the newest."""
    run = place.stopped(folder)
    step = rng.choice((200, 200, 200, 180, 160))
    files = [x for x in (run / f"checkpoints/{step}").rglob("*") if x.is_file()]
    path = rng.choices(files, [max(1, x.stat().st_size) for x in files])[0]
    content = bytearray(path.read_bytes())
    must(content, "an empty file was chosen")
    content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    path.write_bytes(content)
    return f"{path.relative_to(run)}: {_goes_on(place, run, {step})}"


def a_file_of_a_checkpoint(place, folder, number, rng):
    """Damage a file of the newest checkpoint as a whole."""
    run = place.stopped(folder)
    files = [x for x in (run / "checkpoints/200").rglob("*") if x.is_file()]
    fate = list(FATES)[number % len(FATES)]
    path = rng.choice(sorted(x for x in files if x.stat().st_size))
    FATES[fate](path, rng)
    return f"{path.relative_to(run)} {fate}: {_goes_on(place, run, {200})}"


def a_record(place, folder, number, rng):
    """Damage a file of the run outside its checkpoints."""
    run = place.stopped(folder)
    name, fate = RECORDS[number // len(FATES)], list(FATES)[number % len(FATES)]
    FATES[fate](run / name, rng)
    return f"{name} {fate}: {_goes_on(place, run, set(), name)}"


def a_manifest(place, folder, number, rng):
    """Edit or remove manifests."""
    run = place.stopped(folder)
    steps = ((200,), (200, 180), (200, 180, 160), (160,))[number % 4]
    removed = number // 4 % 2
    for step in steps:
        path = run / f"checkpoints/{step}/manifest.json"
        if removed:
            path.unlink()
            continue
        held = json.loads(path.read_text())
        name = rng.choice(sorted(held))
        held[name] = "0" * 64
        path.write_text(json.dumps(held))
    what = "removed" if removed else "edited"
    return f"manifests of {steps} {what}: {_goes_on(place, run, set(steps))}"


STRAYS = (
    "checkpoints/notes.txt", "checkpoints/.DS_Store", "checkpoints/220.bak/a",
    "checkpoints/2024-notes/a.txt", "checkpoints/200/.DS_Store",
    "checkpoints/200/state/.DS_Store", "checkpoints/latest/a", "notes.md",
    "evaluation/notes.json", "samples/mine.png",
)  # fmt: skip


def a_stray(place, folder, number, rng):
    """Put a file of the user, or of the system, into the run."""
    run, name = place.stopped(folder), STRAYS[number]
    path = run / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}" if name.endswith(".json") else "mine")
    said = _goes_on(place, run, set())
    kept = path.exists() or "checkpoints/200/" in name  # retention removes its folder
    must(kept, f"the user's {name} is deleted")
    return f"{name}: {said}"


LOST = ("checkpoints", "evaluation", "samples", "tensorboard", "checkpoints/200/state")


def a_folder(place, folder, number, rng):
    """Remove a whole folder of a run."""
    run, name = place.stopped(folder), LOST[number]
    shutil.rmtree(run / name)
    return f"{name} removed: {_goes_on(place, run, {200})}"


def _goes_on(place, run, damaged, record=""):
    """Run the command of a damaged run. It must end as the undisturbed run, from an
    undamaged checkpoint, or be refused by one line that changes nothing. Rows before
    the checkpoint cannot be computed again: a line must name their file ``record``."""
    before = contents(run)
    done = place.trained(run)
    if done.code == 2:
        line = done.one_line(2)
        after = contents(run) | {"train.log": before.get("train.log")}
        before |= {"train.log": before.get("train.log")}  # it names the damage
        must(after == before, "a refused call changed the run")
        must(str(run) in line or "=" in line, f"the line names no file: {line}")
        return "refused by one line"
    must(done.code == 0, f"exit code {done.code}: {done.text[-400:]}")
    must("Traceback" not in done.text, f"a traceback: {done.text[-400:]}")
    good = [step for step in (160, 180, 200) if step not in damaged]
    started = [x for x in done.text.splitlines() if "resuming from step" in x]
    must(started, "a silent restart at step 0")
    step = int(started[0].split()[-1])
    must(step in (max(good, default=0), 200), f"it resumed from {step}")
    lost = record == "metrics.jsonl" and f"{record}: the row" in done.text
    said = place.same(run, rows_from=210 if lost else 0)
    must(finished(run)[-1] == 400 and status(run)["state"] == "finished", "no end")
    lost_rows = ", lost rows are reported" if lost else ""
    return f"from checkpoint {step}, {said}{lost_rows}"


MUST = "detected or harmless; the previous one is used; never a silent restart"
ROWS = (
    Row("bit", "one bit of a checkpoint flipped", MUST, 200, one_bit),
    Row("file", "a file of a checkpoint truncated, emptied, zeroed, removed, extended",
        MUST, 40, a_file_of_a_checkpoint),
    Row("record", "another file of a run damaged in the same ways", MUST,
        len(RECORDS) * len(FATES), a_record),
    Row("manifest", "manifests edited or removed", MUST, 8, a_manifest),
    Row("stray", "a stray file in a run", MUST, len(STRAYS), a_stray),
    Row("lost", "a whole folder of a run lost", MUST, len(LOST), a_folder),
)  # fmt: skip
