"""The reader of scenes, and the script that trains it."""

import jax
import numpy as np
import pytest

from ganjax.data import as_bytes, open_source, samples, scene_grammar
from ganjax.errors import BadInput
from ganjax.metrics.features import open_extractor
from ganjax.metrics.features.scene_reader import HEADS, LONGEST, WORDS
from tests.commands import exit_code

SCRIPT = "train_scene_reader.py"


def test_it_reads_the_language_of_the_grammar():
    assert len(scene_grammar.WORDS) == WORDS and scene_grammar.LONGEST == LONGEST


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--glyphs=letters", "invalid choice: 'letters'"),
        ("--steps=1", "--steps=1: expected at least 2"),
        ("--seed=-1", "--seed=-1: expected 0 to"),
        ("--out=reader.bin", "expected a name that ends in .safetensors"),
        ("--out=no/reader.safetensors", "there is no folder 'no'"),
    ],
)
def test_a_wrong_flag_is_one_line_before_the_training(flag, said, monkeypatch, capsys):
    capsys.readouterr()
    assert exit_code(monkeypatch, SCRIPT, flag) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and said in err, err


@pytest.mark.parametrize(
    ("weights", "resize", "said"),
    [
        ("", "", "expected a file of scene_reader"),
        ("no.safetensors", "", "expected a file of scene_reader"),
        ("", "bilinear", "takes 32×32 images without resizing"),
    ],
)
def test_what_it_needs(weights, resize, said):
    with pytest.raises(BadInput, match=said):
        open_extractor("scene_reader", weights, resize)


@pytest.mark.full
def test_the_file_of_the_script_reads_scenes(tmp_path, monkeypatch, capsys):
    file = tmp_path / "reader.safetensors"
    flags = ("--glyphs=digits", "--steps=300", f"--out={file}")
    assert exit_code(monkeypatch, SCRIPT, *flags) == 0
    assert "wrote" in capsys.readouterr().out
    reader = open_extractor("scene_reader", str(file), "").reader
    test = open_source("scenes", glyphs="digits", side=32).test
    batch = samples(test, jax.random.split(jax.random.key(0), 200))
    values, vectors = reader.read(as_bytes(np.asarray(batch["data"])))
    assert {name: len(x) for name, x in values.items()} == dict.fromkeys(HEADS, 200)
    texts = reader.captions(np.asarray(batch["caption"]))
    for found in (vectors, texts):
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)
    # Chance is 1/2. Five standard errors are 0.18.
    count = np.asarray(batch["scene"].form != scene_grammar.ALONE)
    assert np.mean(values["count"] == count) > 0.68
    # A picture is nearer to its own caption than to another one.
    own, other = (np.sum(vectors * x, 1) for x in (texts, np.roll(texts, 1, axis=0)))
    assert np.mean(own > other) > 0.68
