"""A user's folder of captioned images."""

import jax
import numpy as np
import pytest
from PIL import Image

from ganjax.data import open_source, samples
from ganjax.errors import BadInput

COLOURS = ("black", "dark", "grey", "pale", "white", "silver", "ash", "snow")


def folder(tmp_path, rows=None, text=None, header="file,caption"):
    """Image i is 20·i everywhere, and its caption is ``a COLOUR tile``."""
    (tmp_path / "images").mkdir(parents=True)
    for i in range(len(COLOURS)):
        image = Image.new("L", (8, 8), 20 * i)
        image.save(tmp_path / "images" / f"{i}.png")
    if rows is None:
        rows = [f'images/{i}.png,"A {c} tile."' for i, c in enumerate(COLOURS)]
        rows.append("images/3.png,a pale square")
    content = "\n".join([header, *rows]) if text is None else text
    content = content if isinstance(content, bytes) else content.encode()
    (tmp_path / "captions.csv").write_bytes(content)
    return str(tmp_path)


def test_images_come_with_their_captions(tmp_path):
    source = open_source("captioned_images", folder(tmp_path), holdout=2, longest=5)
    spec, language = source.spec, source.spec.captions
    assert spec.shape == (8, 8, 1) and spec.fields == ("data", "caption")
    assert language.words == tuple(sorted({"a", "tile", "square", *COLOURS}))
    seen = {}
    for name, split in (("train", source.train), ("test", source.test)):
        batch = samples(split, jax.random.split(jax.random.key(0), 300))
        grey = np.rint((np.asarray(batch["data"])[:, 0, 0, 0] + 1) * 127.5 / 20)
        for row, tokens in zip(grey.astype(int), batch["caption"], strict=True):
            article, colour, noun = language.text(np.asarray(tokens)).split()
            assert (article, colour) == ("a", COLOURS[row])
            assert noun == "tile" or row == 3
        seen[name] = set(grey)
    assert len(seen["train"]) == 6 and len(seen["test"]) == 2
    assert not seen["train"] & seen["test"]
    assert len(language.shown) in (2, 3)  # image 3 has two captions


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        ({"rows": ["images/0.png,tile", "images/1.png,"]}, "line 3: the caption has"),
        ({"rows": ["images/0.png,one two three four five six"]},
         "line 2: the caption has 6 words, expected at most data.longest=5"),
        ({"rows": ["images/9.png,a tile"]}, "line 2: 'images/9.png' is no image"),
        ({"rows": ["", "", "images/9.png,a tile"]}, "line 4: 'images/9.png' is no"),
        ({"rows": ['images/0.png,"one\ntwo"', "images/1.png,"]}, "line 4: the caption"),
        ({"rows": ["images/0.png,a tile, grey"]}, "line 2: has 3 cells, expected 2; a"),
        ({"rows": ["images/0.png"]}, "line 2: the caption has no words"),
        ({"header": "file,label"}, "has the columns file, label; expected the columns"),
        ({"rows": []}, "lists no captions"),
        ({"text": ""}, "has the columns none"),
        ({"text": b"file,caption\n\xff"}, "is not CSV in UTF-8"),
        ({"rows": ["images/0.png,a tile"]}, "holds one image, expected at least one"),
    ],
)  # fmt: skip
def test_a_wrong_list_is_one_line(tmp_path, how, problem):
    with pytest.raises(BadInput) as refused:
        open_source("captioned_images", folder(tmp_path, **how), longest=5)
    assert problem in str(refused.value) and "\n" not in str(refused.value)


def test_a_folder_without_a_list(tmp_path):
    path = folder(tmp_path)
    (tmp_path / "captions.csv").unlink()
    with pytest.raises(BadInput, match="expected a file captions.csv with the columns"):
        open_source("captioned_images", path)
