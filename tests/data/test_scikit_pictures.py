"""Textures and style pictures of scikit-image."""

import importlib.util

import jax
import numpy as np
import pytest

from ganjax.data import open_source, samples
from ganjax.data.style_pictures import PICTURES
from ganjax.errors import BadInput

INSTALLED = importlib.util.find_spec("skimage") is not None
needs_pictures = pytest.mark.skipif(not INSTALLED, reason="needs scikit-image")


@needs_pictures
def test_textures_are_parts_of_disjoint_rows():
    """A step of 8 gives 41×57 parts of 384×512 pixels, a step of 16 gives 5×29 parts of
    128×512 pixels."""
    data = pytest.importorskip("skimage.data")
    source = open_source("textures")
    assert source.spec.classes == ("brick", "grass", "gravel")
    assert len(source.train) == 3 * 41 * 57 and len(source.test) == 3 * 5 * 29
    grass = source.train.data[source.train.label == 1]
    np.testing.assert_array_equal(grass[57 + 2, ..., 0], data.grass()[8:72, 16:80])
    gravel = source.test.data[source.test.label == 2]
    np.testing.assert_array_equal(gravel[-1, ..., 0], data.gravel()[448:, 448:])


def test_no_picture_is_in_both_splits():
    every = [name for kinds in PICTURES.values() for names in kinds for name in names]
    assert len(set(every)) == len(every) == 17


@needs_pictures
def test_style_pictures_are_colour_images_of_two_domains():
    source = open_source("style_pictures", side=16)
    assert source.spec.shape == (16, 16, 3) and source.spec.domains == ("a", "b")
    found = samples(source.train, jax.random.split(jax.random.key(0), 40))
    for domain in "ab":
        images = np.asarray(found[domain])
        assert images.shape == (40, 16, 16, 3) and np.abs(images).max() <= 1
    # Moon and brick are grey, and astronaut and rocket have colours.
    grey = [np.all(x == x[..., :1], axis=(1, 2, 3)) for x in found.values()]
    assert 0 < grey[1].mean() < 1 and grey[0].mean() < 0.5


def test_without_scikit_image_the_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name in ("textures", "style_pictures"):
        said = f"data.name='{name}': needs .*\\[pictures\\]"
        with pytest.raises(BadInput, match=said):
            open_source(name)
