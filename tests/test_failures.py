"""Failures of the machine are one line: disks, memory, closed outputs, odd names."""

import errno
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ganjax import BadInput, command_line, failures
from ganjax.commands.output import whole
from ganjax.config import resolve
from ganjax.errors import check_memory
from ganjax.failures import explained
from ganjax.training.rows import RowFile

ROOT = Path(__file__).parents[1]


@pytest.fixture
def ended(monkeypatch, capfd):
    """``ended(main, *arguments) -> (exit code, stdout, stderr)`` of a command."""
    monkeypatch.setattr(command_line.runtime, "prepare", lambda: None)

    def call(main, *arguments):
        with pytest.raises(SystemExit) as caught:
            command_line.run(main, list(arguments))
        return caught.value.code, *capfd.readouterr()

    return call


def raising(*errors):
    """Return a command that raises each error while the one before is handled."""

    def main(arguments):
        try:
            if errors[:-1]:
                raising(*errors[:-1])(arguments)
        finally:
            raise errors[-1]

    return main


EIO, FULL = os.strerror(errno.EIO), os.strerror(errno.ENOSPC)


@pytest.mark.parametrize(
    "errors, line, code",
    [
        ([OSError(errno.EIO, EIO)], EIO, 1),
        ([OSError(errno.EDQUOT, "over quota")], "over quota", 1),
        ([OSError(errno.EIO, EIO), ValueError("closed file")], EIO, 1),
        ([OSError(errno.ENOSPC, FULL), OSError(errno.EIO, EIO)], FULL, 1),
        ([OSError(errno.EIO, EIO), OSError(errno.EIO, "checkpoint 5")],
         "checkpoint 5", 1),
        # TensorStore has the number of the error in words alone.
        ([ValueError(f"UNKNOWN: Failed to write 9 bytes to file 20: {EIO} [os_e")],
         EIO, 1),
        ([PermissionError(errno.EACCES, "denied", "/a b")], "/a b: denied", 2),
        ([OSError(errno.EROFS, "Read-only file system", b"/r\xff")],
         "/r\\xff: Read-only file system", 2),
        ([MemoryError("Unable to allocate 8 TiB")],
         "Unable to allocate 8 TiB: expected sizes that fit in memory; the "
         "largest numbers are --config.batch_size=2e9, --n=5000", 2),
        ([RuntimeError("INTERNAL: Out of memory allocating 9 bytes.")],
         "Out of memory allocating 9 bytes: expected sizes that fit in memory; "
         "the largest numbers are --config.batch_size=2e9, --n=5000", 2),
    ],
)  # fmt: skip
def test_a_failure_of_the_machine_is_one_line(ended, errors, line, code):
    arguments = ("--n=5000", "--seed=3", "--config.batch_size=2e9")
    assert ended(raising(*errors), *arguments) == (code, "", f"error: {line}\n")


def test_the_path_and_the_free_bytes_of_a_full_disk(ended, tmp_path):
    error = OSError(errno.ENOSPC, FULL, str(tmp_path / "metrics.jsonl"))
    code, _, err = ended(raising(error))
    assert code == 1 and err.startswith(f"error: {tmp_path}/metrics.jsonl: {FULL} (")
    assert err.endswith(" bytes are free)\n")


@pytest.mark.parametrize(
    "error",
    [ValueError("a bug"), FileNotFoundError(errno.ENOENT, "no such file", "x"),
     BrokenPipeError(errno.EPIPE, "a pipe of a process")],
)  # fmt: skip
def test_a_bug_keeps_its_traceback(error):
    assert explained(error) is None
    with pytest.raises(type(error)):
        command_line.run(raising(error), [])


def test_a_thread_prints_one_line_and_a_destructor_none(ended):
    class Closed:
        def __del__(self):
            raise OSError(errno.ENOSPC, FULL)

    def main(arguments):
        target = raising(OSError(errno.EIO, EIO))
        thread = threading.Thread(target=target, args=([],))
        thread.start()
        thread.join()
        Closed()

    assert ended(main) == (0, "", f"warning: {EIO}\n")


AT_THE_EXIT = """
import asyncio, atexit, ctypes, errno, threading
from ganjax.commands import main

class Closed:
    def __del__(self):
        raise OSError(errno.EIO, "at the exit")

def failing():
    raise OSError(errno.EIO, "at the exit")

def closed():
    raise OSError("handle is closed")

@ctypes.CFUNCTYPE(None)
def called():  # from C, where nothing can be raised
    raise RuntimeError("Event loop is closed")

async def full():
    raise ValueError('RESOURCE_EXHAUSTED: writing "x": No space left on device')

async def left():
    asyncio.ensure_future(full())
    await asyncio.sleep(0)

kept = Closed()
atexit.register(failing)
main(["--version"])
asyncio.run(left())
for target in (closed, called):
    thread = threading.Thread(target=target)
    thread.start()
    thread.join()
"""


def test_what_follows_a_failure_prints_nothing():
    """Libraries close files at the exit, and their threads use what is closed."""
    line = [sys.executable, "-c", AT_THE_EXIT]
    done = subprocess.run(line, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.startswith("ganjax ") and done.returncode == 0
    assert done.stderr == ""


@pytest.mark.parametrize(
    "arguments, said",
    [
        (["--a=1", "--a=2"], "--a=1, --a=2: expected --a once"),
        (["--a", "1", "--b", "--b"], "--b, --b: expected --b once"),
    ],
)
def test_a_repeated_flag_is_refused(arguments, said):
    flags = command_line.parser("x")
    flags.add_argument("--a")
    flags.add_argument("--b", action="store_true")
    flags.add_argument("--many", action="append")
    with pytest.raises(BadInput, match=f"^{said}$"):
        flags.parse_args(arguments)
    assert flags.parse_args(["--many=1", "--many=2", "--a=1"]).many == ["1", "2"]


def test_a_repeated_field_is_refused():
    arguments = ["--config=ring8", "--config.steps=5", "--config.seed=1"]
    more = [*arguments, "--config.steps", "7"]
    with pytest.raises(
        BadInput, match="^--config.steps=7: expected this field once, f"
    ):
        command_line.parse_with_config(command_line.parser("x"), more)


def test_an_argument_that_is_not_utf8_is_one_line(ended):
    code, out, err = ended(lambda arguments: 0, os.fsdecode(b"--workdir=caf\xe9"))
    assert (code, out) == (2, "")
    assert err == "error: --workdir=caf\\xe9: expected UTF-8, found other bytes\n"


def test_more_samples_than_anyone_can_draw():
    with pytest.raises(
        BadInput, match="samples=2000000000: expected at least 100 and "
    ):
        resolve({"evaluation": {"samples": 2 * 10**9}})
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    check_memory("x=1", there)
    with pytest.raises(BadInput, match=r"^x=1: needs [\d,]+ GiB, expected a value"):
        check_memory("x=1", 2 * there)


def child(command, **options):
    return subprocess.run(
        ["bash", "-c", command, sys.executable],
        cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True,
        text=True, **options,
    )  # fmt: skip


@pytest.mark.full
def test_a_reader_that_has_gone():
    done = child('"$0" -m ganjax describe --axis=games | true; exit ${PIPESTATUS[0]}')
    assert done.returncode == 141
    assert done.stderr == "error: the output is closed, so not all of it was printed\n"


def test_a_reader_of_the_help_that_has_gone():
    done = child('"$0" -m ganjax --help | true; exit ${PIPESTATUS[0]}')
    assert (done.returncode, done.stderr) == (0, "")


def test_a_broken_pipe_of_the_output(monkeypatch):
    error = BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
    assert explained(error) is None  # the output of the tests is whole
    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(failures, "_OUTPUTS", (writer,))
    line = "the output is closed, so not all of it was printed"
    assert explained(error) == (line, 128 + signal.SIGPIPE)
    os.close(writer)


@pytest.mark.parametrize(
    "number, returned, code, line",
    [
        (errno.EPIPE, 0, 141, "the output is closed, so not all of it was printed"),
        (errno.EPIPE, 3, 3, ""),
        (errno.ENOSPC, None, 1, FULL),
    ],
)
def test_a_line_that_cannot_be_printed_ends_no_work(
    ended, monkeypatch, number, returned, code, line
):
    class Closed(io.StringIO):
        def write(self, text):
            raise OSError(number, os.strerror(number))

    reader, writer = os.pipe()
    os.close(reader)
    monkeypatch.setattr(failures, "_OUTPUTS", (writer,))
    monkeypatch.setattr(failures, "close_output", lambda: None)
    monkeypatch.setattr(sys, "stdout", Closed())
    done = []

    def main(arguments):
        print("a long line\n" * 1000)
        done.append(print("the last line", flush=True))
        return returned

    assert ended(main) == (code, "", f"error: {line}\n" if line else "")
    assert done == [None]
    os.close(writer)


def test_closed_streams(tmp_path):
    """A file that is opened must not take the number of a closed stream."""
    code = (
        "import os, sys; from ganjax.streams import open_streams;"
        "open_streams(); f = open(sys.argv[1], 'w'); print(f.fileno() > 2, file=f);"
        "print('x'); print('y', file=sys.stderr); os.write(2, b'z')"
    )
    done = child(f'"$0" -c "{code}" {tmp_path}/f <&- >&- 2>&-')
    assert (tmp_path / "f").read_text() == "True\n" and done.returncode == 0


def test_a_part_of_an_output_is_removed_and_the_file_before_stays(tmp_path):
    path = tmp_path / "x.png"
    path.write_text("before")
    with pytest.raises(OSError) as caught, whole(path) as part:
        assert part.suffix == ".png"
        part.write_text("cut sh")
        raise OSError(errno.ENOSPC, FULL)
    assert caught.value.filename == str(path)
    assert [x.name for x in tmp_path.iterdir()] == ["x.png"]
    assert path.read_text() == "before"
    with whole(path) as part:
        part.write_text("after")
    assert path.read_text() == "after"


def test_an_error_of_a_file_of_rows_names_it():
    """Python names a file only in an error of its opening."""
    rows = RowFile(Path("/dev/full"))
    rows.append({"step": 1})
    for failing in (rows.flush, rows.close):
        with pytest.raises(OSError) as caught:
            failing()
        assert caught.value.errno == errno.ENOSPC
        assert caught.value.filename == "/dev/full"
