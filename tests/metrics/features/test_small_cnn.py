"""The classifiers shipped with ganjax, and the script that trained them."""

import json

import jax
import numpy as np
import pytest
import safetensors
import safetensors.numpy

from ganjax.data import Arrays, in_memory, open_source
from ganjax.errors import BadInput
from ganjax.metrics.features import layout, open_extractor, small_cnn
from scripts import train_classifier

DATASETS = pytest.mark.parametrize("dataset", small_cnn.DIGESTS)


@DATASETS
def test_what_is_shipped_says_what_it_is(dataset):
    path = small_cnn.shipped(dataset)
    assert path.stat().st_size < 1_000_000
    with safetensors.safe_open(path, "np") as file:
        about = json.loads(file.metadata()["about"])
        values = sum(file.get_tensor(name).size for name in file.keys())
    assert about["dataset"] == dataset
    assert about["epochs"] == train_classifier.EPOCHS[dataset]
    assert about["test_accuracy"] >= {"mnist": 0.99, "fashion_mnist": 0.89}[dataset]
    # 94,186 parameters, and a running mean and variance for each of 224 channels.
    assert values == 94_186 + 2 * 224


@DATASETS
def test_features_of_an_image_are_its_own(dataset):
    extractor = open_extractor(f"small_cnn_{dataset}")
    images = np.random.default_rng(0).integers(0, 256, (7, 28, 28, 1), np.uint8)
    features, probabilities = extractor.see(images)
    assert features.shape == (7, 128) and features.dtype == np.float32
    assert probabilities.shape == (7, 10)
    np.testing.assert_allclose(probabilities.sum(1), 1, atol=1e-5)
    alone, _ = extractor.see(images[3:4])
    np.testing.assert_array_equal(alone[0], features[3])


@pytest.mark.full
def test_the_maps_end_in_the_features():
    """The features are the mean over the last of three maps, which halve in size."""
    extractor = open_extractor("small_cnn_mnist")
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 1), np.uint8)
    look = jax.jit(lambda maps, x: maps(x))  # the weights are an argument
    maps = look(extractor.maps, images.astype(np.float32))
    assert [x.shape[1:] for x in maps] == [(28, 28, 32), (14, 14, 64), (7, 7, 128)]
    features, _ = extractor.see(images)
    np.testing.assert_allclose(maps[-1].mean((1, 2)), features, rtol=1e-4, atol=1e-5)


@DATASETS
def test_accuracy_on_the_test_split_is_the_stated_one(dataset):
    try:
        split = in_memory(open_source(dataset).test)
    except BadInput as error:
        pytest.skip(str(error))
    path = small_cnn.shipped(dataset)
    with safetensors.safe_open(path, "np") as file:
        stated = json.loads(file.metadata()["about"])["test_accuracy"]
    count = 2000
    _, probabilities = open_extractor(f"small_cnn_{dataset}").see(split.data[:count])
    found = np.mean(probabilities.argmax(1) == split.label[:count])
    # Three standard errors of an accuracy over 2000 images. The stated accuracy is
    # over all 10,000 test images.
    assert found == pytest.approx(
        stated, abs=3 * (stated * (1 - stated) / count) ** 0.5
    )


@pytest.mark.parametrize("shape", [(32, 32, 3), (28, 28, 3), (32, 32, 1)])
def test_other_images_are_refused(shape):
    extractor = open_extractor("small_cnn_mnist")
    size = "×".join(map(str, shape))
    with pytest.raises(BadInput, match=f"expected images of 28×28×1, not {size}"):
        extractor.see(np.zeros((2, *shape), np.uint8))


def test_other_filters_and_files_are_refused(tmp_path):
    with pytest.raises(BadInput, match="takes 28×28 images without resizing"):
        open_extractor("small_cnn_mnist", resize="bilinear_tf1")
    with pytest.raises(BadInput, match="no such file; expected a file of this network"):
        open_extractor("small_cnn_mnist", str(tmp_path / "absent.safetensors"))
    path = tmp_path / "x.safetensors"
    safetensors.numpy.save_file({"params.Dense_0.bias": np.zeros(10)}, path)
    with pytest.raises(BadInput, match="lacks tensor"):
        open_extractor("small_cnn_mnist", str(path))


def split_of_two_classes(count):
    """Images with a bright bar on the left or on the right.

    A shift by two pixels does not change the class."""
    rng = np.random.default_rng(0)
    label = rng.integers(2, size=count).astype(np.int32)
    images = rng.integers(0, 50, (count, 28, 28, 1)).astype(np.uint8)
    images[label == 0, 8:20, 3:9] = 250
    images[label == 1, 8:20, 19:25] = 250
    return Arrays(images, label)


@pytest.mark.full
def test_training_learns_and_repeats_itself(tmp_path):
    split, reported = split_of_two_classes(2048), []

    def trained():
        return train_classifier.train(
            split, epochs=3, seed=1, mirrored=False, tell=lambda *t: reported.append(t)
        )

    variables, again = trained(), trained()
    assert [epoch for epoch, *_ in reported] == [1, 2, 3] * 2
    assert train_classifier.accuracy(variables, split) > 0.95
    for name, tensor in layout.flat(variables).items():
        np.testing.assert_array_equal(tensor, layout.flat(again)[name])
    # A file with a user's own classifier is accepted and has its own digest.
    path = tmp_path / "own.safetensors"
    safetensors.numpy.save_file(layout.flat(variables), path)
    extractor = open_extractor("small_cnn_mnist", str(path))
    assert extractor.digest not in small_cnn.DIGESTS.values()
    _, probabilities = extractor.see(split.data[:50])
    assert np.mean(probabilities.argmax(1) == split.label[:50]) > 0.9


@pytest.mark.parametrize("mirrored", [False, True])
def test_images_are_moved_by_two_pixels_at_most(mirrored):
    images = np.zeros((400, 28, 28, 1), np.uint8)
    images[:, 10, 8] = 255
    moved = train_classifier.moved(images, np.random.default_rng(0), mirrored)
    _, rows, columns, _ = np.nonzero(moved)
    assert len(rows) == 400
    assert set(rows) == set(range(8, 13))
    places = set(range(6, 11)) | (set(range(17, 22)) if mirrored else set())
    assert set(columns) == places


def test_the_script_refuses_other_data_sets(tmp_path):
    with pytest.raises(BadInput, match="DATASET='mnits'.*did you mean 'mnist'"):
        train_classifier.main(["mnits"])
    with pytest.raises(BadInput, match="there is no folder"):
        train_classifier.main(["mnist", f"--out={tmp_path / 'no' / 'x'}"])
