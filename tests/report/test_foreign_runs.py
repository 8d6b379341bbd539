"""A report of a run of another person publishes nothing of this machine."""

import json
import os
import shlex

import pytest
from PIL import Image

from ganjax.commands import report
from ganjax.errors import BadInput
from ganjax.report import check_links, write_report
from ganjax.report.csv_table import csv_text
from ganjax.report.page import workdir_of
from ganjax.run_files import RunFiles
from ganjax.sweep_files import FORMAT, SWEEP

SECRET = "sk-verysecret"


@pytest.fixture
def run(tmp_path):
    run = tmp_path / "foreign"
    RunFiles(run).describe({"seed": 3}, command="ganjax train --workdir=runs/x")
    (run / "samples").mkdir()
    (run / "environment.json").write_text(
        json.dumps({"backend": "cpu", "diff": f"+{SECRET}"})
    )
    (tmp_path / "secret.json").write_text(json.dumps({"key": SECRET}))
    Image.new("L", (3, 3)).save(tmp_path / "private.png")
    return run


def test_a_diff_of_an_older_run_is_not_published(run):
    page = write_report(run).read_text()
    assert "backend" in page and SECRET not in page


@pytest.mark.parametrize(
    "name, target",
    [
        ("environment.json", "../secret.json"),
        ("status.json", "../secret.json"),
        ("metrics.jsonl", "/dev/zero"),
        ("samples/step_00000001.png", "../../private.png"),
        ("evaluation", ".."),
        (".report.html.tmp", "../secret.json"),
    ],
)
def test_a_link_out_of_the_folder_is_refused(run, name, target, capsys):
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(target)
    for arguments in ([str(run)], ["--compare", str(run), str(run)]):
        with pytest.raises(BadInput, match=f"foreign: {name} is a link to /"):
            report.main(arguments)
    assert not (run / "report.html").exists()
    assert SECRET in (run.parent / "secret.json").read_text()


@pytest.mark.parametrize(
    "name, target",
    [
        ("environment.json", "../secret.json"),
        ("status.json", "../secret.json"),
        ("metrics.jsonl", "/dev/zero"),
        ("samples/step_00000001.png", "../../private.png"),
        ("samples/real.png", "../../private.png"),
    ],
)
def test_a_report_from_python_reads_no_link_out_of_the_folder(run, name, target):
    (run / name).unlink(missing_ok=True)
    (run / name).symlink_to(target)
    page = write_report(run).read_text()
    assert f"{name} is a link out of the folder" in page
    assert SECRET not in page and "data:image/png" not in page


@pytest.mark.parametrize("name", ["config.json", "run.json"])
def test_a_report_from_python_refuses_another_config(run, name):
    (run / name).unlink()
    (run / name).symlink_to("../secret.json")
    with pytest.raises(BadInput, match=f"foreign: {name} is a link to /"):
        write_report(run)


def test_a_report_is_not_written_through_a_link(run):
    (run / ".report.html.tmp").symlink_to("../secret.json")
    with pytest.raises(OSError, match="[Ss]ymbolic links"):
        write_report(run)
    assert SECRET in (run.parent / "secret.json").read_text()


def test_a_link_of_a_sweep_is_refused_for_each_trial(run):
    sweep = run.parent / "sweep"
    (sweep / "trials").mkdir(parents=True)
    trials = {"format": FORMAT, "kinds": [{}], "trials": []}
    (sweep / SWEEP).write_text(json.dumps(trials))
    (sweep / "plan.json").symlink_to("../secret.json")
    for path in (sweep, sweep / "trials/1"):
        with pytest.raises(BadInput, match="sweep: plan.json is a link"):
            report.main([str(path)])


def test_no_special_file_is_read(run):
    os.mkfifo(run / "timing.jsonl")
    with pytest.raises(BadInput, match="timing.jsonl: expected a regular file"):
        check_links(run)


def test_the_users_own_links_are_read(run, capsys):
    """The run is opened by a link, and its checkpoints are on another disk."""
    (run / "checkpoints").symlink_to("..")
    (run / "status.json").symlink_to("data.json")
    (run / "data.json").write_text('{"state": "finished"}')
    (run.parent / "latest").symlink_to("foreign")
    assert report.main([str(run.parent / "latest")]) == 0
    assert "finished" in (run / "report.html").read_text()


@pytest.mark.parametrize(
    "cell, written",
    [
        ('=HYPERLINK("http://x")', '"\'=HYPERLINK(""http://x"")"'),
        ("+1+cmd", "'+1+cmd"),
        ("-1+1", "'-1+1"),
        ("@sum", "'@sum"),
        ("\tx", '"\'\tx"'),
        ("\rx", '"\'\rx"'),
        ("-", "'-"),
        ("-0.5", "-0.5"),
        ("+3", "+3"),
        ("-1e-05", "-1e-05"),
        ("-inf", "-inf"),
        (-2, "-2"),
        (-1.5e300, "-1.5e+300"),
        ("a=b", "a=b"),
        ("a;=b", '"a;=b"'),
        (None, ""),
    ],
)
def test_a_cell_is_text_or_a_number(cell, written):
    assert csv_text([("x", cell)]) == f"x,{written}\n"


@pytest.mark.parametrize(
    "workdir", ["runs/x", "my runs/a b", "it's", 'say "x"', "a=b", "runs/lr[1e-3]"]
)
def test_a_page_names_the_folder_of_its_command(run, workdir):
    for words in ([f"--workdir={workdir}"], ["--workdir", workdir]):
        command = shlex.join(["ganjax", "train", "--config=x", *words, "--dry_run"])
        assert workdir_of(command, "name") == workdir
        RunFiles(run).describe({"seed": 3}, command=command)
        page = write_report(run).read_text()
        line = page.split("ganjax.load(")[1].split(")\nsamples")[0]
        for code, character in (("\\u0027", "'"), ("\\u0026", "&")):
            line = line.replace(code, character)
        assert json.loads(line.replace("&#34;", '"')) == workdir


@pytest.mark.parametrize(
    "command", ["", "ganjax train --workdir", "x '--workdir=a", "ganjax train"]
)
def test_a_command_without_a_folder(command):
    assert workdir_of(command, "name") == "name"
