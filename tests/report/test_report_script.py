import pytest

from ganjax.commands import report as script
from ganjax.errors import BadInput
from ganjax.run_files import RunFiles
from tests.commands import exit_code


def test_both_spellings_say_where_the_report_is(tmp_path, monkeypatch, capsys):
    RunFiles(tmp_path).describe({})
    said = f"report: {tmp_path / 'report.html'}\n"
    assert exit_code(monkeypatch, "report.py", tmp_path) == 0
    assert capsys.readouterr().out == said
    script.main([f"--workdir={tmp_path}"])
    assert capsys.readouterr().out == said


def test_errors_are_one_line_and_exit_with_2(tmp_path, monkeypatch, capsys):
    assert exit_code(monkeypatch, "report.py", tmp_path) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.startswith("error: ") and err.count("\n") == 1
    for arguments in ([str(tmp_path / "none")], [], ["--workdri=x"]):
        with pytest.raises(BadInput, match="^[^\n]+$"):
            script.main(arguments)
