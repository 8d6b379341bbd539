"""What a run records about the user's source code."""

import subprocess

import pytest

from ganjax.training import environment

SECRET = "API_KEY = 'sk-verysecret'"


def repository(folder, package, project=None):
    """Make a git repository with ganjax in the folder ``package`` and an uncommitted
    secret. Return the file in place of the module of ganjax that asks git."""
    module = folder / package / "ganjax/training/environment.py"
    module.parent.mkdir(parents=True)
    module.write_text("")
    (folder / "settings.py").write_text("")
    if project:
        (folder / "pyproject.toml").write_text(f'[project]\nname = "{project}"\n')
    for command in (
        ["init", "-q"],
        ["add", "settings.py"],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first"],
    ):
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / "settings.py").write_text(SECRET)
    return module


@pytest.fixture
def recorded(monkeypatch):
    """``recorded(module, asked)`` is what a run records if ganjax is at ``module``."""

    def call(module, asked):
        names = environment.__wrapped__.__globals__
        monkeypatch.setitem(names, "__file__", str(module))
        monkeypatch.setenv("GANJAX_RECORD_DIFF", asked)
        return environment.__wrapped__()

    return call


@pytest.mark.parametrize("asked", ["", "1"])
@pytest.mark.parametrize(
    "package, project",
    [("venv/lib/site-packages", None), ("", None), ("", "thesis"), ("lib", "ganjax")],
)
def test_another_repository_is_never_recorded(
    tmp_path, recorded, package, project, asked
):
    found = recorded(repository(tmp_path, package, project), asked)
    assert SECRET not in str(found)
    assert (found["revision"], found["changed"], found["diff"]) == ("", False, "")


def test_a_diff_of_ganjax_is_recorded_only_if_it_is_asked_for(tmp_path, recorded):
    module = repository(tmp_path, "", "ganjax")
    head = subprocess.check_output(["git", "rev-parse", "HEAD"], cwd=tmp_path)
    for asked in ("", "0"):
        found = recorded(module, asked)
        assert found["revision"] == head.decode().strip()
        assert found["changed"] is True and SECRET not in str(found)
    assert f"+{SECRET}" in recorded(module, "1")["diff"]


def test_the_repository_of_a_git_hook_is_not_recorded(tmp_path, recorded, monkeypatch):
    repository(tmp_path / "project", "", "ganjax")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "project/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "project"))
    module = tmp_path / "site-packages/ganjax/training/environment.py"
    module.parent.mkdir(parents=True)
    found = recorded(module, "1")
    assert found["revision"] == "" and SECRET not in str(found)
