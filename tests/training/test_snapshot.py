"""Reading checkpoints while another process writes and deletes them."""

import shutil
import threading

import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.training import Checkpoints, snapshot

SIZE = 1000


def state(step):
    """A state whose numbers all say its step."""
    return {"step": np.int64(step), "x": np.full((4, SIZE), step, np.float32)}


def read(checkpoints, step):
    held = checkpoints.arrays(step)
    return int(held["step"]), np.unique(held["x"]).tolist()


def write(folder, *steps):
    with Checkpoints(folder, keep=10) as checkpoints:
        for step in steps:
            checkpoints.save(state(step), step)


def delete(folder, step):
    """Delete a checkpoint as the trainer does: its manifest first."""
    (folder / str(step) / "manifest.json").unlink()
    shutil.rmtree(folder / str(step))


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_checkpoint_that_vanishes_is_not_damage(tmp_path, when):
    """The trainer replaces the checkpoint while the first attempt reads it, before or
    after the arrays are read."""
    write(tmp_path, 10)
    lines, tried = [], []

    def reader(checkpoints, step):
        tried.append(step)
        found = read(checkpoints, step) if when == "after" else None
        if len(tried) == 1:
            write(tmp_path, 20)
            delete(tmp_path, 10)
        return found or read(checkpoints, step)

    found = snapshot.newest(tmp_path, reader, lines.append)
    assert (found, tried, lines) == ((20, [20.0]), [10, 20], [])


def test_files_that_vanish_before_they_are_compared_are_not_damage(
    tmp_path, monkeypatch
):
    write(tmp_path, 10, 20)
    damage = Checkpoints.damage

    def half_deleted(self, step):
        if step == 20:
            (tmp_path / "20/manifest.json").unlink()
            shutil.rmtree(tmp_path / "20/state/d")
        return damage(self, step)

    monkeypatch.setattr(Checkpoints, "damage", half_deleted)
    lines = []
    assert snapshot.newest(tmp_path, read, lines.append) == (10, [10.0])
    assert lines == []


def test_damage_is_still_damage(tmp_path):
    write(tmp_path, 10, 20)
    files = [x for x in (tmp_path / "20/state").rglob("*") if x.is_file()]
    data = max(files, key=lambda x: x.stat().st_size)
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    lines = []
    assert snapshot.newest(tmp_path, read, lines.append) == (10, [10.0])
    assert len(lines) == 1 and lines[0].startswith("checkpoint 20 is damaged (state/")
    assert snapshot.every(tmp_path, read, lines.append) == [(10, [10.0])]
    delete(tmp_path, 10)
    with pytest.raises(BadInput, match=r"all of \[20\] are damaged"):
        snapshot.newest(tmp_path, read, lines.append)
    assert snapshot.newest(tmp_path / "none", read) is None


def test_a_copy_is_read_if_each_checkpoint_vanishes(tmp_path):
    """Each attempt in the folder of the run loses its checkpoint."""
    write(tmp_path, 1)
    places = []

    def reader(checkpoints, step):
        places.append(checkpoints.directory == tmp_path)
        write(tmp_path, step + 1)
        delete(tmp_path, step)
        return read(checkpoints, step)

    assert snapshot.newest(tmp_path, reader) == (4, [4.0])
    assert places == [True] * snapshot.IN_PLACE + [False]


def test_readers_beside_a_writer_that_keeps_one_checkpoint(tmp_path):
    """The writer saves as fast as it can. Every reader gets a whole state."""
    write(tmp_path, 1)
    end = threading.Event()

    def save():
        with Checkpoints(tmp_path, keep=1) as checkpoints:
            step = 2
            while not end.is_set():
                checkpoints.save(state(step), step)
                step += 1

    writer = threading.Thread(target=save)
    writer.start()
    lines = []
    try:
        found = [snapshot.newest(tmp_path, read, lines.append) for _ in range(20)]
    finally:
        end.set()
        writer.join()
    assert all(values == [float(step)] for step, values in found) and lines == []
    steps = [step for step, _ in found]
    assert steps == sorted(steps) and steps[-1] > steps[0]
