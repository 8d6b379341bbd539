"""Files and pictures of molecules, time series and sentences."""

import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.commands import sample
from ganjax.data.forms import MOLECULES, SENTENCES, SERIES, Form
from ganjax.data.molecule_arrays import encoded
from ganjax.data.natural_files import write_natural
from ganjax.errors import BadInput
from ganjax.training.natural_pictures import CELL, LINE, natural_picture
from ganjax.training.samples import picture_of_real, picture_of_samples
from tests.test_prompts import untrained

CHEMICAL = Form(MOLECULES, ("C", "N", "O", "F"), valences=(4, 3, 2, 1))
WAVES = Form(SERIES, ("load", "wind"), ranges=((0.0, 10.0), (-1.0, 1.0)))
SAID = Form(SENTENCES, ("the", "cat", "sat"))
# C=O, and two atoms without a bond.
ATOMS = encoded(
    np.array([[1, 3], [1, 1]]), np.array([[[0, 2], [2, 0]], [[0, 0], [0, 0]]]), 5
)


def test_molecules_are_written_as_smiles(tmp_path):
    pytest.importorskip("rdkit")
    path = tmp_path / "made.smi"
    assert write_natural(path, ATOMS, CHEMICAL) == "1 molecules of 2 samples"
    assert path.read_text() == "C=O\n"


def test_series_are_written_in_their_units(tmp_path):
    path = tmp_path / "made.npz"
    series = np.array([[[0.0, 0.0], [0.5, 1.0]]], np.float32)
    assert write_natural(path, series, WAVES) == "1 series of 2 steps"
    with np.load(path) as found:
        np.testing.assert_array_equal(found["series"], [[[0, -1], [5, 1]]])
        assert found["names"].tolist() == ["load", "wind"]


def test_sentences_are_written_as_text(tmp_path):
    path = tmp_path / "made.txt"
    tokens = np.array([[0, 1, 2], [2, 2, 0]])
    assert write_natural(path, tokens, SAID) == "2 sentences"
    assert path.read_text() == "the cat sat\nsat sat the\n"


def test_a_picture_of_molecules_marks_what_is_none():
    """The first cell has ink on white, the second one is grey, and a line of text is
    above."""
    pytest.importorskip("rdkit")
    pixels = np.asarray(natural_picture(ATOMS, CHEMICAL, title="step 3"))
    width, height = CELL
    assert pixels.shape == (LINE + height, 2 * width, 3)
    drawn = pixels[LINE:, : width - 2]
    assert (drawn[0, 0] == 255).all() and drawn.min() < 128
    grey = pixels[LINE : LINE + height - 2, width : 2 * width - 2]
    assert (grey == 230).all()
    assert pixels[:LINE].min() < 128


def test_a_picture_of_series_has_a_panel_for_each_variable():
    rng = np.random.default_rng(0)
    made, real = rng.uniform(0, 1, (2, 5, 8, 2)).astype(np.float32)
    one = picture_of_samples(made, real, 7, WAVES)
    assert one.tobytes() == picture_of_samples(made, real, 7, WAVES).tobytes()
    colours = {tuple(x) for x in np.asarray(one).reshape(-1, 3)}
    only_real = picture_of_real(real, WAVES)
    assert only_real.size == one.size and colours > {(255, 255, 255)}
    # Orange, the colour of generated lines, is only in the first picture.
    orange = [_orange(np.asarray(x)) for x in (one, only_real)]
    assert orange[0] > 500 and orange[1] == 0


def _orange(pixels):
    red, green, blue = (pixels[..., i].astype(int) for i in range(3))
    return int(np.sum((red - blue > 80) & (red > green + 40)))


def test_a_picture_of_sentences_has_a_line_for_each():
    tokens = np.array([[0, 1, 2]] * 4)
    three, four = (natural_picture(tokens[:n], SAID) for n in (3, 4))
    assert four.height - three.height == LINE and three.width == four.width
    longer = natural_picture(np.array([[0, 1, 2] * 3]), SAID)
    assert longer.width > three.width


@pytest.fixture(scope="module")
def talking(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("runs") / "words", "word_gan")


def asked(path, *flags):
    return sample.main([f"--workdir={path}", *flags])


def test_a_command_writes_the_file_and_the_picture(talking, tmp_path, capsys):
    text, picture = tmp_path / "made.txt", tmp_path / "made.png"
    assert asked(talking, "--n=5", f"--out={text}") == 0
    assert "5 sentences" in capsys.readouterr().out
    run = ganjax.load(talking)
    tokens = run.sample(0, 5)
    assert tokens.shape == (5, 4) and tokens.dtype == np.int32
    lines = [" ".join(f"w{word}" for word in row) for row in tokens]
    assert text.read_text().splitlines() == lines
    assert asked(talking, "--n=5", f"--out={picture}") == 0
    with Image.open(picture) as found:
        assert found.height > 5 * LINE


@pytest.mark.parametrize("ending", [".smi", ".npz"])
def test_a_file_of_another_form_is_refused(talking, tmp_path, ending):
    with pytest.raises(BadInput, match=f"made{ending}: expected a run that.*NAME.txt"):
        asked(talking, f"--out={tmp_path / 'made'}{ending}")
    with pytest.raises(BadInput, match="expected a picture for --mode=interpolation"):
        asked(talking, "--mode=interpolation", f"--out={tmp_path / 'made.txt'}")
