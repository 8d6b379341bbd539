"""Textures and style pictures of scikit-image."""

import importlib.util
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.data import open_source, samples
from ganjax.data.image_file import decode
from ganjax.data.preparing.fitting import Options, fit
from ganjax.data.style_pictures import (
    TEST_CONTENTS,
    TEST_STYLES,
    TRAIN,
    _symmetric,
)
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
    every = (*TRAIN, *TEST_CONTENTS, *TEST_STYLES)
    assert len(set(every)) == len(every) == 17
    # The other half of a stereo pair would be nearly the same picture.
    assert "motorcycle_right.png" not in every


@needs_pictures
def test_style_pictures_are_parts_of_the_listed_pictures():
    source = open_source("style_pictures", side=16)
    assert source.spec.shape == (16, 16, 3) and source.spec.domains == ("a", "b")
    found = samples(source.test, jax.random.split(jax.random.key(0), 20))
    folder = Path(importlib.util.find_spec("skimage").submodule_search_locations[0])
    for domain, names in (("a", TEST_CONTENTS), ("b", TEST_STYLES)):
        images = np.asarray(found[domain])
        assert images.shape == (20, 16, 16, 3)
        parts = np.concatenate([windows(folder / "data" / name) for name in names])
        for one in np.round((images + 1) * 127.5).reshape(20, -1):
            assert np.abs(parts - one).max(1).min() == 0


def windows(path):
    """Return all parts ``[n, 16·16·3]`` of a picture of 32×32 pixels."""
    whole = fit(decode(path.read_bytes(), 3), Options((32, 32)))
    parts = np.lib.stride_tricks.sliding_window_view(whole, (16, 16), (0, 1))
    return np.moveaxis(parts, 2, -1).reshape(-1, 16 * 16 * 3).astype(np.float32)


def test_symmetries_of_the_square_and_of_the_cube_of_colours():
    """A pixel that differs from its images under all symmetries takes 8 places and 48
    colours."""
    image = np.zeros((4, 4, 3), np.float32)
    image[0, 1] = 0.1, 0.2, 0.3
    varied = jax.vmap(lambda key: _symmetric(jnp.asarray(image), key))
    found = np.asarray(varied(jax.random.split(jax.random.key(0), 1000)))
    places, colours = set(), set()
    for one in found:
        (place,) = np.argwhere(one.any(-1))
        places.add(tuple(place))
        colours.add(tuple(one[tuple(place)].round(1).tolist()))
    assert len(places) == 8 and len(colours) == 48


def test_without_scikit_image_the_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name in ("textures", "style_pictures"):
        said = f"data.name='{name}': needs .*\\[pictures\\]"
        with pytest.raises(BadInput, match=said):
            open_source(name)
