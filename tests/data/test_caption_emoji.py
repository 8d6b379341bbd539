"""The list of captions of npm's emoji-datasource-google."""

import json

import pytest
from PIL import Image

from ganjax.data import open_source
from tests.commands import exit_code

EMOJI = (
    {"name": "LARGE RED CIRCLE", "image": "1f534.png", "has_img_google": True},
    {"name": "Italy Flag", "image": "1f1ee.png", "has_img_google": True},
    {"name": "OF ANOTHER MAKER", "image": "1f1ef.png", "has_img_google": False},
)


def package(tmp_path, text):
    pictures = tmp_path / "img/google/64"
    pictures.mkdir(parents=True)
    (tmp_path / "emoji.json").write_text(text)
    for name in ("1f534", "1f1ee", "1f3fb"):  # the last one has no name
        Image.new("RGBA", (64, 64), "red").save(pictures / f"{name}.png")
    return pictures


def test_the_folder_opens_as_captioned_images(tmp_path, monkeypatch):
    pictures = package(tmp_path, json.dumps(EMOJI))
    assert exit_code(monkeypatch, "caption_emoji.py", tmp_path) == 0
    spec = open_source("captioned_images", str(pictures), holdout=1).spec
    assert spec.shape == (64, 64, 3)
    assert spec.captions.words == ("circle", "flag", "italy", "large", "red")
    assert spec.captions.shown in (("large red circle",), ("italy flag",))


@pytest.mark.parametrize("text", ["", "[]]", '[{"name": "x"}]', "3", '["a"]'])
def test_a_folder_that_is_not_the_package(tmp_path, monkeypatch, capsys, text):
    package(tmp_path, text)
    assert exit_code(monkeypatch, "caption_emoji.py", tmp_path) == 2
    message = capsys.readouterr().err
    assert message.startswith(
        f"error: PACKAGE='{tmp_path}': expected the list of emoji"
    )
    assert message.count("\n") == 1
