"""The labelled sets and the classifier of the experiment gan_augmentation."""

import jax
import numpy as np
import pytest

from experiments.gan_augmentation import CLAIMS, DATA, LABELS, RECIPES, figure, gain
from experiments.gan_augmentation import classifier as classifiers
from experiments.gan_augmentation.classifier import (
    Recipe,
    predicted,
    trained_classifier,
)
from experiments.gan_augmentation.labelled import halved, some_of_each
from experiments.reproduction import paper_style
from ganjax.data import Arrays


def test_half_the_resolution_is_the_mean_of_four_pixels():
    image = np.zeros((1, 28, 28, 1), np.uint8)
    image[0, 0, 0] = 100  # alone in the block (1, 1), behind the border of one block
    image[0, 26:, 26:] = [[[10], [20]], [[30], [44]]]
    small = halved(image)
    assert small.shape == (1, 16, 16, 1)
    assert small[0, 1, 1] == 25 and small[0, 14, 14] == 26  # 104 / 4
    assert small.sum() == 51


def test_the_labelled_images_are_as_many_of_each_class():
    label = np.random.default_rng(0).integers(0, 10, 2000)
    few, more = (some_of_each(label, n, draw=3) for n in (5, 50))
    assert np.bincount(label[few]).tolist() == [5] * 10
    assert len(set(more)) == 500 and set(few) < set(more)
    assert set(few) != set(some_of_each(label, 5, draw=4))


@pytest.fixture
def short(monkeypatch):
    """Few updates on sets of at most 40 images."""
    monkeypatch.setattr(classifiers, "UPDATES", 60)
    monkeypatch.setattr(classifiers, "MOST", 40)
    classifiers._trained.clear_cache()
    yield
    classifiers._trained.clear_cache()


def bright(left_is):
    """Forty images with a bright left or right half, and the class of each half."""
    images = np.zeros((40, 16, 16, 1), np.uint8)
    images[:20, :, :8], images[20:, :, 8:] = 255, 255
    label = np.repeat([left_is, 1 - left_is], 20).astype(np.int32)
    return Arrays(images, label)


@pytest.mark.full
def test_a_recipe_decides_which_images_a_classifier_sees(short):
    """Real and generated images have opposite labels."""
    real, fake = bright(0), bright(1)

    for recipe, seen in (
        (Recipe(), real),
        (Recipe(generated=1.0), fake),
        (Recipe(classic=True), real),
    ):
        found = trained_classifier(real, fake, recipe, mirror=False, seed=0)
        np.testing.assert_array_equal(predicted(found, real.data), seen.label)


def test_classic_augmentation_moves_an_image_by_a_pixel_at_most():
    """Without it an image does not change at all. The centre of a bright square, far
    from the borders, moves by the shift and stays inside the square."""
    image = -np.ones((16, 16, 1), np.float32)
    image[4:12, 4:12] = 1
    keys = jax.random.split(jax.random.key(0), 50)

    def moved(classic, mirror):
        numbers = {"classic": classic, "mirror": mirror}
        return np.asarray(
            jax.vmap(classifiers._transformed, (0, None, None))(keys, image, numbers)
        )

    np.testing.assert_array_equal(moved(0.0, 0.0), np.stack([image] * 50))
    uneven = image.copy()
    uneven[6, 5] = 0.5
    image = uneven
    np.testing.assert_array_equal(moved(0.0, 1.0), np.stack([image[:, ::-1]] * 50))
    weight = (moved(1.0, 0.0)[..., 0] + 1) / 2
    total = weight.sum((1, 2))
    for axis in (1, 2):
        centre = (weight * np.arange(16).reshape(-1, *(1,) * (2 - axis))).sum((1, 2))
        off = centre / total - 7.5
        assert np.abs(off).max() < 1.1 and np.ptp(off) > 1


def results(added):
    """Results of five seeds in which generated images add ``added``."""
    base = {"real": 0.8, "classic": 0.85, "generated": 0.7, "requested": 0.9}
    rows = [
        {
            "labels": labels, "seed": seed, "state": "finished", **base,
            "real + generated": 0.8 + added, "classic + generated": 0.85 + added,
        }
        for labels in LABELS
        for seed in range(5)
    ]  # fmt: skip
    pictures = {str(n): np.zeros((20, 16, 16)).tolist() for n in LABELS}
    one = {"reference": 0.99, "runs": rows, "pictures": pictures}
    return dict.fromkeys(DATA, one)


def test_a_gain_is_a_difference_of_pairs():
    found = results(0.03)["mnist"]
    assert gain(found, 20, "real", "real + generated").mean == pytest.approx(0.03)
    assert all(claim.judged(results(0.03), "quick")["passed"] for claim in CLAIMS)
    lost = [c.judged(results(-0.01), "quick")["passed"] for c in CLAIMS]
    assert lost.count(False) == 4  # two of each data set


def test_the_figure_needs_the_results_alone():
    assert set(RECIPES) < set(results(0.0)["mnist"]["runs"][0])
    with paper_style():
        assert len(figure(results(0.0)).axes) == 6
