"""Reports of users of other metric tools, tried on ganjax. Each docstring has the
source; ``docs/public_reports.md`` is the log.

Sources: torch-fidelity is github.com/toshas/torch-fidelity, pytorch-fid is
mseitzer/pytorch-fid, clean-fid is GaParmar/clean-fid, torchmetrics is
Lightning-AI/torchmetrics, prdc is clovaai/generative-evaluation-prdc, dgm-eval is
layer6ai-labs/dgm-eval.
"""

import jax
import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.data import as_bytes
from ganjax.errors import BadInput
from ganjax.evaluation import EVALUATORS, Side, set_features
from ganjax.evaluation.sets import open_set
from ganjax.metrics import (
    density_coverage,
    frechet_distance,
    kernel_distance,
    moments,
    peak_signal_to_noise,
    precision_recall,
    signal_to_noise_of_bytes,
)
from ganjax.metrics.features import EXTRACTORS, FILTERS, Extractor
from ganjax.metrics.features.extractor import batched

SIZE = 6
WEIGHTS = np.random.default_rng(5).normal(size=(SIZE * SIZE * 3, 12)) / 255


def look(images):
    """Twelve linear features of images resized to 6×6; classes by the mean of red."""
    x = np.broadcast_to(images, (*images.shape[:3], 3)).astype(np.float64)
    rows, columns = (FILTERS["bilinear_half_pixel"](n, SIZE) for n in x.shape[1:3])
    x = np.einsum("hH,nHWc,wW->nhwc", rows, x, columns)
    red = (x[..., 0].mean(axis=(1, 2)) // 32).astype(int)
    return (x.reshape(len(x), -1) @ WEIGHTS).astype(np.float32), np.eye(8)[red]


@pytest.fixture(autouse=True)
def eye(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    found = Extractor("eye", 12, "d", "bilinear_half_pixel", look, size=SIZE)
    monkeypatch.setitem(EXTRACTORS.entries, "eye", lambda weights, resize: found)
    return found


def pictures(seed, count=20, size=(8, 8)):
    return np.random.default_rng(seed).integers(0, 256, (count, *size, 3), np.uint8)


def write(folder, images, names=None, **options):
    for i, image in enumerate(images):
        path = folder / (names[i] if names else f"{i:04}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(path, **options)
    return folder


def score(real, fake, *metrics, **options):
    options.setdefault("extractor", "eye")
    return ganjax.score(real, fake, metrics=metrics or ["sliced"], **options)


def features(path, eye):
    return set_features.side_of(open_set(str(path)), eye)[0].features


def points(folder, **sets):
    for name, x in sets.items():
        np.save(folder / f"{name}.npy", x)
    return [folder / f"{name}.npy" for name in sets]


# --- torch-fidelity -------------------------------------------------------------------


def test_a_collapsed_generator_is_precise_and_recalls_nothing(tmp_path):
    """torch-fidelity #58: precision 4e-05 and recall 0.99 of a collapsed generator."""
    rng = np.random.default_rng(0)
    real = rng.normal(size=(300, 8))
    fake = real[0] + 1e-3 * rng.normal(size=(200, 8))
    paths = points(tmp_path, real=real, fake=fake)
    found = score(*paths, "precision_recall", extractor="")["scores"]
    assert found["precision_points_200"] == 1
    assert found["recall_points_200"] <= 1 / 300
    assert precision_recall(fake, real)["recall"] == 1


def test_fewer_samples_than_a_subset_of_the_kernel_distance(tmp_path):
    """torch-fidelity #8, #45: an error with 876 images and subsets of 1,000."""
    real, fake = np.random.default_rng(0).normal(size=(2, 30, 3))
    paths = points(tmp_path, real=real, fake=fake[:25])
    found = score(*paths, "kernel", extractor="")["scores"]
    assert set(found) == {"kd_points_25", "kd_std_points_25"}
    assert all(np.isfinite(value) for value in found.values())
    with pytest.raises(ValueError, match="subset_size=1000: expected 2 to 25"):
        kernel_distance(real, fake[:25])


def test_features_of_an_inner_layer_are_named_by_their_shape(tmp_path):
    """torch-fidelity #15: the layers 64, 192 and 768 fail in an assertion."""
    x = np.random.default_rng(0).normal(size=(5, 64, 1, 1)).astype(np.float32)
    (path,) = points(tmp_path, layer=x)
    with pytest.raises(BadInput, match=r"\[5, 64, 1, 1\], expected .* float \[N, D\]"):
        score(path, path, extractor="")


def test_sizes_and_colours_may_be_mixed(tmp_path, eye):
    """torch-fidelity #30, pytorch-fid #1, #81: images of several sizes, and grey images
    among colours, cannot be stacked."""
    images = [*pictures(0, 3), pictures(1, 1, (5, 7))[0, ..., 0]]
    images += [*pictures(2, 2, (9, 6))]
    found = features(write(tmp_path / "mixed", images), eye)
    alone = [
        eye.see(x[None] if x.ndim == 3 else np.stack([x] * 3, -1)[None])[0][0]
        for x in images
    ]
    np.testing.assert_allclose(found, alone, rtol=1e-4, atol=1e-4)


# --- pytorch-fid ----------------------------------------------------------------------


@pytest.mark.parametrize("count", [192, 50])
def test_no_more_samples_than_features(count):
    """pytorch-fid #105: −4.8e-9 for 192 samples of 192 features; #103: an imaginary
    component of 4e125. With covariances X'X and Y'Y the cross term is the sum of the
    singular values of X Y'."""
    x, y = np.random.default_rng(count).normal(size=(2, count, 192))
    (mean1, cov1), (mean2, cov2) = moments(x), moments(y)
    across = (x - mean1) @ (y - mean2).T / (count - 1)
    cross = np.linalg.svd(across, compute_uv=False).sum()
    expected = np.sum((mean1 - mean2) ** 2) + np.trace(cov1 + cov2) - 2 * cross
    found = frechet_distance(mean1, cov1, mean2, cov2)
    assert found == pytest.approx(expected, rel=1e-6)
    assert 0 <= frechet_distance(mean1, cov1, mean1, cov1) < 1e-6 * np.trace(cov1)


def test_a_covariance_without_full_rank_is_said(tmp_path):
    """pytorch-fid #13, #42: fewer samples than features, in either set or in saved
    statistics."""
    x, y = np.random.default_rng(0).normal(size=(2, 60, 30))
    many, few, other = points(tmp_path, many=x, few=x[:20], other=y)
    saved = tmp_path / "saved.npz"
    score(few, other, extractor="", save_statistics=saved)
    for pair in ((few, other), (other, few), (saved, other)):
        with pytest.warns(UserWarning, match="20 samples of 30 features .* full rank"):
            score(*pair, "frechet", extractor="")
    assert score(many, other, "frechet", extractor="")["scores"]["fd_points_60"] > 0


def test_complex_statistics_are_refused(tmp_path):
    """pytorch-fid #29, #103: complex roots. Their imaginary parts are not dropped."""
    np.savez(tmp_path / "s.npz", mu=np.zeros(2), sigma=np.eye(2) + 1e-3j)
    with pytest.raises(BadInput, match="complex mu or sigma, expected real numbers"):
        score(tmp_path / "s.npz", tmp_path / "s.npz", "frechet", extractor="")


def test_grey_images_are_three_equal_channels(tmp_path):
    """pytorch-fid #35, #40: grey images cannot be scored."""
    grey = pictures(0)[..., 0]
    write(tmp_path / "grey", grey)
    write(tmp_path / "colour", np.stack([grey] * 3, -1))
    found = score(tmp_path / "grey", tmp_path / "colour")["scores"]
    assert found == {"swd_eye_20": 0}


def test_samples_have_the_features_of_their_saved_pictures(tmp_path, eye):
    """pytorch-fid #63: the distance changes drastically when samples are saved."""
    x = np.random.default_rng(0).uniform(-1, 1, (9, 8, 8, 3)).astype(np.float32)
    saved = features(write(tmp_path / "saved", as_bytes(x)), eye)
    np.testing.assert_array_equal(Side(x, None, eye).features, saved)


def test_statistics_of_another_kind_and_empty_folders_are_one_line(tmp_path):
    """pytorch-fid #42, #106: ``range() arg 3 must not be zero`` and ``batch_size=0``
    for a folder without images, and for statistics in a pickled .npy."""
    real = write(tmp_path / "real", pictures(0))
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "images.txt").write_text("0000.png")
    with pytest.raises(BadInput, match="'.*empty': has no images, expected files"):
        score(real, tmp_path / "empty")
    statistics = np.array({"mu": np.zeros(2), "sigma": np.eye(2)})
    np.save(tmp_path / "celebahq.npy", statistics, allow_pickle=True)
    with pytest.raises(BadInput, match="celebahq.npy': not a readable .npy"):
        score(real, tmp_path / "celebahq.npy")


def test_a_damaged_image_is_named_and_nothing_is_written(tmp_path):
    """pytorch-fid #69: ``int() argument must be … not 'PngImageFile'`` after minutes,
    without the name of the file."""
    real = write(tmp_path / "real", pictures(0))
    bad = write(tmp_path / "bad", pictures(1)) / "0013.png"
    bad.write_bytes(bad.read_bytes()[:-60])
    saved = tmp_path / "saved.npz"
    with pytest.raises(BadInput, match="0013.png: cannot be decoded"):
        score(real, tmp_path / "bad", save_statistics=saved)
    assert not saved.exists()


def test_jpeg_files_are_other_images(tmp_path):
    """pytorch-fid #74: is a score of PNG against JPEG files meaningful?"""
    images = pictures(0)
    write(tmp_path / "png", images)
    write(tmp_path / "jpg", images, [f"{i:04}.jpg" for i in range(20)], quality=75)
    found = score(tmp_path / "png", tmp_path / "jpg")
    assert found["scores"]["swd_eye_20"] > 0
    assert found["reference"]["sha256"] != found["samples"]["sha256"]


def test_images_at_any_depth_are_found(tmp_path):
    """pytorch-fid #91, #113: images in subfolders are not found."""
    real = write(tmp_path / "real", pictures(0))
    names = [f"{'a/b' if i < 12 else 'c'}/{i:04}.png" for i in range(20)]
    write(tmp_path / "flat", pictures(1))
    write(tmp_path / "nested", pictures(1), names)
    flat, nested = (score(real, tmp_path / x) for x in ("flat", "nested"))
    assert flat["scores"] == nested["scores"]


def test_a_set_that_is_sorted_by_class_has_the_scores_of_a_shuffled_one(tmp_path):
    """pytorch-fid #82: the order of the images changes the Inception score
    (openai/guided-diffusion #165: 62 in place of 298). Eight classes by red."""
    flat = 16 + 32 * np.repeat(np.arange(8), 25)
    images = np.broadcast_to(flat[:, None, None, None], (200, 4, 4, 3)).astype(np.uint8)
    order = np.random.default_rng(0).permutation(200)
    paths = points(tmp_path, one=images, other=images[order])
    for path in paths:
        found = score(paths[0], path, "inception_score")["scores"]
        # The entropy of the classes of a part, 20 of 200 images, has a bias of about
        # −7 / 40 · 0.9.
        expected = 8 * np.exp(-7 / 40 * 0.9)
        assert found["is_eye_200"] == pytest.approx(expected, abs=0.4)


def test_a_curve_of_unequal_counts_sees_all_classes(tmp_path):
    """The same kind: of a sorted reference, the first samples are one class."""
    rng = np.random.default_rng(0)
    centres = 10 * np.eye(4)
    real = np.repeat(centres, 100, axis=0) + rng.normal(size=(400, 4))
    fake = np.tile(centres, (25, 1)) + rng.normal(size=(100, 4))
    paths = points(tmp_path, real=real, fake=fake)
    found = score(*paths, "curves", extractor="")["scores"]
    assert found["prd_f_8_points_100"] > 0.8


# --- clean-fid ------------------------------------------------------------------------


def test_an_extension_in_capitals_counts_once(tmp_path):
    """clean-fid #37, dgm-eval #10: .JPEG is ignored, or counted twice."""
    names = ["A.JPEG", "b.Png", "c.JPG", "d.jpg", "e.jpeg"]
    write(tmp_path / "mixed", pictures(0, 5), names)
    found = score(tmp_path / "mixed", tmp_path / "mixed")
    assert found["reference"]["count"] == 5


def test_one_array_of_images(tmp_path):
    """clean-fid #52: images in a .npy, which has the channels first."""
    images = pictures(0)
    folder = write(tmp_path / "folder", images)
    (path, first) = points(tmp_path, last=images, first=images.transpose(0, 3, 1, 2))
    assert score(folder, path)["scores"] == {"swd_eye_20": 0}
    with pytest.raises(
        BadInput, match=r"uint8 \[20, 3, 8, 8\], expected images, uint8"
    ):
        score(folder, first)


def test_height_and_width_are_not_exchanged(eye):
    """clean-fid #7: (width, height) in place of (height, width)."""
    image = pictures(0, 1, (17, 9))[0]
    seen = Extractor("eye", 12, "d", "bicubic_antialiased", look, size=SIZE)
    found = set_features._resized(image, seen)
    for channel in range(3):
        plane = Image.fromarray(image[..., channel].astype(np.float32))
        theirs = np.clip(plane.resize((SIZE, SIZE), Image.Resampling.BICUBIC), 0, 255)
        np.testing.assert_allclose(found[..., channel], theirs, atol=1e-2)


def test_two_folders_may_have_different_resolutions(tmp_path):
    """clean-fid #2: an error for folders of 256 and of 1,024 pixels. Flat images have
    the same features at each size."""
    colours = pictures(0, 20, (1, 1))
    small, large = (
        np.broadcast_to(colours, (20, n, n, 3)).astype(np.uint8) for n in (4, 16)
    )
    write(tmp_path / "small", small)
    write(tmp_path / "large", large)
    found = score(tmp_path / "small", tmp_path / "large")["scores"]
    assert found["swd_eye_20"] == pytest.approx(0, abs=1e-5)


# --- torchmetrics ---------------------------------------------------------------------


def test_one_sample_has_no_covariance_and_a_message(tmp_path):
    """torchmetrics #1652: ``array must not contain infs or NaNs`` for one image."""
    real = write(tmp_path / "real", pictures(0))
    one = write(tmp_path / "one", pictures(1, 1))
    for pair in ((real, one), (one, real)):
        with pytest.raises(BadInput, match="1 samples in '.*one', expected at least 2"):
            score(*pair, "frechet")


def test_features_do_not_depend_on_the_batch():
    """torchmetrics #1620: features depend on the batch size, so that distances do."""
    kernel = np.random.default_rng(0).normal(size=(3, 3, 3, 8)).astype(np.float32)

    def convolved(variables, images):
        dimensions = ("NHWC", "HWIO", "NHWC")
        y = jax.lax.conv_general_dilated(
            images.astype(np.float32), variables["k"], (1, 1), "SAME",
            dimension_numbers=dimensions,
        )  # fmt: skip
        return jax.nn.relu(y).mean((1, 2)), None

    see = batched(convolved, {"k": kernel}, 4)
    images = pictures(0, 7)
    alone = [see(images[i : i + 1])[0][0] for i in range(7)]
    np.testing.assert_array_equal(see(images)[0], alone)


def test_the_error_of_bytes_does_not_wrap_around():
    """torchmetrics #2787: 27.9 dB in place of 7.8 dB for uint8 images. Here the error
    is 240 in each value: 20 log10(255 / 240) = 0.5266 dB."""
    low, high = (
        np.full((1, 4, 4, 3), 10, np.uint8),
        np.full((1, 4, 4, 3), 250, np.uint8),
    )
    for pair in ((low, high), (high, low)):
        found = signal_to_noise_of_bytes(*pair)["psnr"]
        assert found == pytest.approx(0.5266, abs=1e-4)
        assert peak_signal_to_noise(*pair, span=255.0)[0] == pytest.approx(found)


def test_values_out_of_range_are_clamped_before_they_are_compared():
    """torchmetrics #1592: clamp images before PSNR."""
    x = np.random.default_rng(0).uniform(-1.5, 1.5, (3, 4, 4, 3))
    found = signal_to_noise_of_bytes(as_bytes(x), as_bytes(np.clip(x, -1, 1)))
    assert found["psnr_infinite"] == 3


def test_the_filter_decides_what_is_left_of_a_checkerboard():
    """torchmetrics #3130: resizing without averaging. Every eighth pixel of a
    checkerboard has one colour; the average of all pixels is grey."""
    board = 255.0 * (np.indices((64, 64)).sum(0) % 2)
    seen = {
        name: np.clip(FILTERS[name](64, 8) @ board @ FILTERS[name](64, 8).T, 0, 255)
        for name in ("bilinear_tf1", "bicubic_antialiased")
    }
    np.testing.assert_array_equal(seen["bilinear_tf1"], 0)
    np.testing.assert_allclose(seen["bicubic_antialiased"], 127.5, atol=2)


def test_a_large_mean_of_single_precision_features():
    """torchmetrics #1198 (moments in one pass over single precision), also
    bioinf-jku/TTUR #29. A shift by 1 in 16 features is a distance of 16."""
    x = (1e4 + np.random.default_rng(0).normal(size=(500, 16))).astype(np.float32)
    found = frechet_distance(*moments(x, tile=7), *moments(x + np.float32(1)))
    assert found == pytest.approx(16, rel=1e-6)


# --- prdc -----------------------------------------------------------------------------


def test_density_and_coverage_of_a_hundred_samples():
    """prdc #3: are the scores reliable below 10,000 samples? Without a bias: density is
    1 on average, and coverage has a closed form, for any counts."""
    rng, n, k = np.random.default_rng(0), 100, 5
    found = [density_coverage(*rng.normal(size=(2, n, 6)), k=k) for _ in range(100)]
    density, coverage = (
        np.array([x[name] for x in found]) for name in ("density", "coverage")
    )
    expected = 1 - np.prod([(n - 1 - j) / (2 * n - 1 - j) for j in range(k)])
    for x, truth in ((density, 1), (coverage, expected)):
        assert abs(x.mean() - truth) < 3.5 * x.std() / np.sqrt(len(x))


def test_density_above_one_by_hand():
    """prdc #11: a density of 1.5. Real points at −2, −1, 0, 1, 2 have the radii 2, 1,
    1, 1, 2 for k = 2. All fakes are at 0.25, in the balls of 0, 1 and 2: 3 / 2."""
    real = np.array([[-2.0], [-1], [0], [1], [2]])
    found = density_coverage(real, np.full((10, 1), 0.25), k=2)
    assert found == {"density": 1.5, "coverage": 0.6}


# --- dgm-eval -------------------------------------------------------------------------


def test_the_filter_of_dinov2_is_pillows_without_rounding():
    """dgm-eval #3: which resizing do the published distances use? Pillow's bicubic
    filter, rounded to bytes after each axis."""
    image = pictures(0, 1, (40, 30))[0, ..., 0]
    rows, columns = (FILTERS["bicubic_antialiased"](n, 14) for n in image.shape)
    found = np.clip(rows @ image @ columns.T, 0, 255)
    theirs = Image.fromarray(image).resize((14, 14), Image.Resampling.BICUBIC)
    assert np.abs(found - np.asarray(theirs)).max() < 1.5


def test_names_of_classes_are_no_numbers(tmp_path):
    """dgm-eval #10: folders of classes must have numbers as names."""
    names = [f"{'cat' if i % 2 else 'n02_dog'}/{i}.JPEG" for i in range(20)]
    sets = [write(tmp_path / x, pictures(s), names) for s, x in enumerate("ab")]
    found = score(*sets, by_class=True)
    assert set(found["by_class"]) == {"cat", "n02_dog"}


def test_batches_of_adm_are_images_also_beside_statistics(tmp_path):
    """dgm-eval #11: images in ``arr_0``. Reference batches also hold statistics."""
    images = pictures(0)
    folder = write(tmp_path / "folder", images)
    moments_of = {"mu": np.zeros(4), "sigma": np.eye(4)}
    moments_of |= {"mu_s": np.zeros(3), "sigma_s": np.eye(3)}
    label = np.arange(20) % 2
    np.savez(tmp_path / "adm.npz", arr_0=images, arr_1=label, **moments_of)
    found = score(folder, tmp_path / "adm.npz")
    assert found["scores"] == {"swd_eye_20": 0}
    assert found["samples"]["count"] == 20


def test_saved_features_of_dgm_eval_are_read(tmp_path):
    """dgm-eval saves features with a pickled array of settings, which is not read."""
    x = np.random.default_rng(0).normal(size=(30, 4))
    settings = np.array({"batch_size": 50}, object)
    path = tmp_path / "reps.npz"
    np.savez(path, model=np.array("dinov2"), reps=x, hparams=settings)
    (plain,) = points(tmp_path, plain=x)
    found = score(plain, path, extractor="")["scores"]
    assert found == {"swd_points_30": 0}


def test_every_measure_of_points_is_finite_on_half_precision(tmp_path):
    """Features of a network in half precision: squares above 65,504 overflow."""
    x = np.random.default_rng(0).normal(size=(2, 40, 5)) * 300
    paths = points(tmp_path, real=x[0].astype(np.float16), fake=x[1].astype(np.float16))
    names = [
        "frechet", "kernel", "precision_recall", "density_coverage", "curves",
        "sliced", "diversity", "authenticity", "cmmd", "mind",
    ]  # fmt: skip
    assert set(names) < set(EVALUATORS)
    half = score(*paths, *names, extractor="")["scores"]
    whole = [np.load(path).astype(np.float64) for path in paths]
    paths = points(tmp_path, real=whole[0], fake=whole[1])
    assert half == pytest.approx(score(*paths, *names, extractor="")["scores"])
