"""Score sets of samples: folders, archives, arrays, statistics and runs."""

import json
import re
import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

import ganjax
from ganjax.commands import score as command
from ganjax.errors import BadInput
from ganjax.evaluation import Measure, Side, set_features
from ganjax.evaluation.measures import MEASURES
from ganjax.evaluation.paired import differences
from ganjax.metrics import frechet_distance, moments
from ganjax.metrics.features import EXTRACTORS, Extractor
from ganjax.metrics.features.extractor import batched, coloured
from ganjax.metrics.features.resize import resize as resized
from tests.commands import exit_code
from tests.training.test_resume import train

SIZE, COUNT = 4, 40


@pytest.fixture(autouse=True)
def own_cache(monkeypatch, tmp_path_factory):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def images(seed, count=COUNT, low=0, size=SIZE):
    return np.random.default_rng(seed).integers(
        low, 256, (count, size, size, 3), np.uint8
    )


def write(folder, pictures, names=None):
    for i, picture in enumerate(pictures):
        path = folder / (names[i] if names else f"{i:04}.png")
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture).save(path)
    return folder


def forms(folder, pictures):
    """The same images in every form."""
    write(folder / "files", pictures)
    with zipfile.ZipFile(folder / "files.zip", "w") as packed:
        for path in sorted((folder / "files").iterdir()):
            packed.write(path, path.name)
    with tarfile.open(folder / "files.tar", "w") as packed:
        packed.add(folder / "files", "files")
    np.savez(folder / "images.npz", images=pictures)
    np.savez(folder / "adm.npz", arr_0=pictures, arr_1=np.zeros(len(pictures), int))
    np.save(folder / "images.npy", pictures)
    names = "files files.zip files.tar images.npz adm.npz images.npy".split()
    return [folder / name for name in names]


@pytest.fixture
def real(tmp_path):
    return write(tmp_path / "real", images(0))


@pytest.fixture
def eye(monkeypatch):
    """An extractor that resizes to 6×6, with 12 features of fixed random weights."""
    weights = np.random.default_rng(5).normal(size=(108, 12)).astype(np.float32)

    def look(variables, x):
        x = resized(coloured(x), 6, "bilinear_half_pixel") / 255
        return x.reshape(len(x), -1) @ variables["w"], None

    found = Extractor(
        "eye", 12, "d", "bilinear_half_pixel", batched(look, {"w": weights}, 16), size=6
    )
    monkeypatch.setitem(EXTRACTORS.entries, "eye", lambda weights, resize: found)
    return found


def test_identical_sets_are_at_distance_zero(real):
    metrics = ["frechet", "precision_recall", "sliced", "density_coverage"]
    scores = ganjax.score(real, real, metrics=metrics)["scores"]
    # float64 over squared values of order 1: rounding of the eigenvalues' roots.
    assert scores["fd_pixels_40"] == pytest.approx(0, abs=1e-6)
    assert scores["precision_pixels_40"] == scores["recall_pixels_40"] == 1
    assert scores["swd_pixels_40"] == 0 and scores["coverage_pixels_40"] == 1


def test_every_form_of_the_same_images_has_the_same_scores(tmp_path, real):
    found = [
        ganjax.score(real, path, metrics=["frechet", "precision_recall", "sliced"])
        for path in forms(tmp_path, images(1, low=60))
    ]
    assert found[0]["scores"]["fd_pixels_40"] > 1
    for other in found[1:]:
        assert other["scores"] == found[0]["scores"]
        assert other["protocol"] == found[0]["protocol"]
        assert other["samples"]["sha256"] == found[0]["samples"]["sha256"]
    assert [x["samples"]["kind"] for x in found] == [
        "folder", "archive", "archive", "array", "array", "array",
    ]  # fmt: skip


def test_pixels_are_measured_from_minus_one_to_one(tmp_path):
    """Two constant sets, 0 and 255, differ by 2 in each of 3 numbers: 3 · 2² = 12,
    with covariance in one direction that both share."""
    black, white = np.zeros((2, 10, 1, 1, 3), np.uint8)
    black[::2] = 51
    white[:] = black + 204
    for name, x in {"black": black, "white": white}.items():
        np.save(tmp_path / f"{name}.npy", x)
    scores = ganjax.score(
        tmp_path / "black.npy", tmp_path / "white.npy", metrics=["frechet"]
    )["scores"]
    assert scores["fd_pixels_10"] == pytest.approx(3 * (204 / 127.5) ** 2, rel=1e-6)


def test_statistics_of_two_gaussians_have_the_closed_form(tmp_path):
    """|μ₁ − μ₂|² + Σ (σ₁ − σ₂)² for diagonal covariances: 9 + 16 + 1 + 4 = 30."""
    paths = []
    for name, mu, deviation in (("a", [0.0, 0], [1.0, 3]), ("b", [3.0, 4], [2.0, 5])):
        paths.append(tmp_path / f"{name}.npz")
        np.savez(paths[-1], mu=np.array(mu), sigma=np.diag(np.square(deviation)))
    found = ganjax.score(*paths)
    assert found["scores"] == {"fd_points": pytest.approx(30, rel=1e-12)}
    assert found["samples"]["count"] is None and found["protocol"]["fake"] == "unknown"
    x = np.random.default_rng(0).normal(size=(50, 2))
    np.save(tmp_path / "x.npy", x)
    of_samples = ganjax.score(paths[0], tmp_path / "x.npy")["scores"]
    expected = frechet_distance([0, 0], np.diag([1.0, 9]), *moments(x))
    assert of_samples["fd_points_50"] == pytest.approx(expected, rel=1e-9)
    assert (
        of_samples["fd_debiased_low_points_50"]
        < of_samples["fd_debiased_high_points_50"]
    )
    turned = ganjax.score(tmp_path / "x.npy", paths[0])["scores"]["fd_points"]
    assert turned == pytest.approx(expected, rel=1e-9)


def test_saved_statistics_replace_the_reference(tmp_path, real, eye):
    saved, other = tmp_path / "new" / "real.npz", write(tmp_path / "b", images(2))
    whole = ganjax.score(
        real, other, extractor="eye", metrics=["frechet"], save_statistics=saved
    )
    again = ganjax.score(saved, other, extractor="eye")
    for name, value in whole["scores"].items():
        assert again["scores"][name] == pytest.approx(value, rel=1e-9)
    assert again["protocol"]["real"] == 40
    with np.load(saved) as held:  # as pytorch-fid reads it
        assert held["mu"][:].shape == (12,) and held["sigma"][:].shape == (12, 12)
        np.testing.assert_allclose(
            held["sigma"], np.cov(eye.see(images(0))[0], rowvar=False), rtol=1e-4
        )
    # Of another filter, the features are others.
    monkey = Extractor("eye", 12, "d", "bicubic_antialiased", eye.see, size=6)
    EXTRACTORS.entries["eye"] = lambda weights, resize: monkey
    with pytest.raises(BadInput, match="features with resize='bicubic_antialiased'"):
        ganjax.score(saved, other, extractor="eye")


def test_an_extractor_that_resizes_takes_mixed_sizes(tmp_path, real, eye):
    """A set of images of two sizes has the features of its parts."""
    small, large = images(1, 6), images(2, 7, size=9)
    mixed = write(tmp_path / "mixed", [*small, *large])
    found = set_features.side_of(ganjax.evaluation.sets.open_set(str(mixed)), eye)[0]
    parts = np.concatenate([eye.see(small)[0], eye.see(large)[0]])
    np.testing.assert_allclose(found.features, parts, rtol=1e-4, atol=1e-5)
    scores = ganjax.score(real, mixed, extractor="eye", metrics=["sliced"])["scores"]
    assert list(scores) == ["swd_eye_13"]


def test_parts_of_a_set_have_the_features_of_the_whole(real, eye, monkeypatch):
    opened = ganjax.evaluation.sets.open_set(str(real))
    whole, digest = set_features.side_of(opened, eye)
    monkeypatch.setattr(set_features, "PART", 7)
    parts, again = set_features.side_of(opened, eye)
    np.testing.assert_array_equal(parts.features, whole.features)
    assert digest == again


def test_a_run_has_the_scores_of_evaluate(tmp_path):
    """The reference is the training set that ``evaluate`` reads, in its order."""
    path = tmp_path / "run"
    train(path, game="gan", steps=2, data__name="digits")
    run = ganjax.load(path)
    names = ["frechet", "precision_recall", "sliced"]
    held = run.evaluate(names, {"evaluation.samples": "120"})
    source = run.source.train
    order = np.random.default_rng(run.config.seed).permutation(len(source))
    np.save(tmp_path / "real.npy", source.data[order])
    found = ganjax.score(tmp_path / "real.npy", path, metrics=names, n=120)
    expected = {k: v for k, v in held["scores"].items() if not k.endswith("_floor")}
    assert found["scores"] == expected
    shared = set(held["protocol"]) - {"data", "reference", "held_out"}
    assert {k: found["protocol"][k] for k in shared} == {
        k: held["protocol"][k] for k in shared
    }
    again = ganjax.score(path, tmp_path / "real.npy", n=50, seed=3, metrics=["sliced"])
    assert again["reference"]["count"] == 50


def test_a_prepared_set_has_two_splits(tmp_path, monkeypatch):
    write(tmp_path / "raw", images(3, 30, size=8))
    prepared = tmp_path / "raw-8x8"
    arguments = [tmp_path / "raw", f"--dir={tmp_path}", "--size=8"]
    assert exit_code(monkeypatch, "prepare_data.py", *arguments) == 0
    for name, count in (("", 27), (":train", 27), (":test", 3)):
        found = ganjax.score(f"{prepared}{name}", prepared, metrics=["sliced"])
        assert found["reference"]["count"] == count
    with pytest.raises(BadInput, match="expected a prepared set before :test"):
        ganjax.score(f"{tmp_path}/raw:test", prepared)


def by_class(folder, seed, low):
    names = [f"{'cat' if i % 2 else 'dog'}/{i}.png" for i in range(COUNT)]
    pictures = images(seed)
    pictures[1::2] //= low
    return write(folder, pictures, names), pictures


def test_scores_by_class(tmp_path, capsys):
    """The score of a class is the score of its images alone."""
    a, real = by_class(tmp_path / "a", 0, 1)
    b, fake = by_class(tmp_path / "b", 1, 4)
    for name, at in (("cat", 1), ("dog", 0)):
        np.save(tmp_path / f"a_{name}.npy", real[at::2])
        np.save(tmp_path / f"b_{name}.npy", fake[at::2])
    found = ganjax.score(a, b, by_class=True, metrics=["frechet", "intra_frechet"])
    for name, scores in found["by_class"].items():
        alone = ganjax.score(
            tmp_path / f"a_{name}.npy", tmp_path / f"b_{name}.npy", metrics=["frechet"]
        )["scores"]["fd_pixels_20"]
        assert scores["fd_pixels_20"] == pytest.approx(alone, rel=1e-9)
    cat, dog = (found["by_class"][x]["fd_pixels_20"] for x in ("cat", "dog"))
    assert cat > dog > 0
    assert found["scores"]["intra_fd_pixels_40"] == pytest.approx((cat + dog) / 2)
    assert command.main([str(a), str(b), "--by_class", "--metrics=sliced"]) == 0
    printed = capsys.readouterr().out
    assert "class cat:" in printed and "class dog:" in printed


def test_labels_of_an_array_are_its_classes(tmp_path):
    x = np.random.default_rng(0).normal(size=(2, 40, 3))
    for name, points in zip("ab", x, strict=True):
        np.savez(tmp_path / f"{name}.npz", features=points, label=np.arange(40) % 2)
    found = ganjax.score(
        tmp_path / "a.npz", tmp_path / "b.npz", metrics=["frechet"], by_class=True
    )
    expected = frechet_distance(*moments(x[0, 1::2]), *moments(x[1, 1::2]))
    assert found["by_class"]["1"]["fd_points_20"] == pytest.approx(expected, rel=1e-9)


# --- Two sets -------------------------------------------------------------------------


def test_the_difference_of_two_models(tmp_path, capsys):
    """A shift by 0 is nearer than a shift by 1, and the sign shows it."""
    rng = np.random.default_rng(0)
    for name, shift in (("real", 0), ("near", 0), ("far", 1)):
        np.save(tmp_path / f"{name}.npy", rng.normal(shift, size=(200, 3)))
    paths = [str(tmp_path / f"{name}.npy") for name in ("real", "near", "far")]
    found = ganjax.score(*paths, metrics=["frechet", "density_coverage"])
    fd = found["differences"]["fd_points_200"]
    one, other = found["scores"], found["other"]["scores"]
    assert fd["difference"] == one["fd_points_200"] - other["fd_points_200"]
    assert fd["low"] < fd["difference"] < fd["high"] < 0
    assert found["differences"]["density_points_200"]["low"] > 0
    assert set(found["differences"]) == {
        "fd_points_200", "density_points_200", "coverage_points_200",
    }  # fmt: skip
    back = ganjax.score(paths[0], paths[2], paths[1], metrics=["frechet"])
    turned = back["differences"]["fd_points_200"]
    assert turned["low"] == pytest.approx(-fd["high"])
    assert command.main([*paths, "--metrics=frechet", "--resamples=20"]) == 0
    assert "near.npy minus " in capsys.readouterr().out


def test_equal_sets_have_the_difference_zero(tmp_path):
    x, y = np.random.default_rng(0).normal(size=(2, 60, 2))
    for name, points in (("x", x), ("y", y), ("z", y)):
        np.save(tmp_path / f"{name}.npy", points)
    paths = [tmp_path / f"{name}.npy" for name in "xyz"]
    found = ganjax.score(*paths, metrics=["frechet"])["differences"]["fd_points_60"]
    assert found == {"difference": 0, "low": 0, "high": 0}


def test_the_interval_has_the_spread_of_a_mean():
    """The score is a mean, whose difference has the deviation √(2/n) if samples are
    independent, and 0 if both sets have the same noise."""

    def average(real, other):
        yield "average", other.features.mean()

    measure = Measure(average, lower=("average",))
    real, noise = np.zeros((2, 1)), np.random.default_rng(0).normal(size=(2, 4001, 1))
    sides = [Side(x, None, None) for x in (real, *noise, noise[0] + 3)]
    found = differences(measure, *sides[:3], resamples=2000, seed=0)["average"]
    expected = 2 * 1.96 * np.sqrt(2 / 4001)
    # The quantiles of 2,000 halves have a relative error of about 3 %.
    assert found["high"] - found["low"] == pytest.approx(expected, rel=0.1)
    paired = differences(measure, sides[0], sides[1], sides[3], resamples=9, seed=0)
    assert paired["average"]["high"] - paired["average"]["low"] < 1e-12
    assert paired["average"]["difference"] == pytest.approx(-3)


def test_the_interval_covers_the_true_difference():
    """The Fréchet distances of N(m, 1) to N(0, 1) are m², so 0.25 − 1 is the truth."""
    rng, inside, trials = np.random.default_rng(1), 0, 40
    grid = Side(rng.normal(size=(100_000, 1)), None, None)
    fd = MEASURES["frechet"]
    for _ in range(trials):
        one, other = rng.normal(size=(2, 300, 1))
        sides = [Side(x, None, None) for x in (one + 0.5, other + 1)]
        found = differences(fd, grid, *sides, resamples=40, seed=0)["fd"]
        inside += found["low"] < 0.25 - 1 < found["high"]
    # Binomial with p = 0.95: fewer than 34 of 40 has the probability 0.003.
    assert inside >= 34


# --- The command ----------------------------------------------------------------------


def test_the_command_prints_and_writes(tmp_path, real, capsys):
    other, file = write(tmp_path / "b", images(1)), tmp_path / "out" / "scores.json"
    assert command.main([str(real), str(other), f"--json={file}"]) == 0
    printed = capsys.readouterr().out
    assert f"reference: {real} (folder, 40 samples)" in printed
    assert f"scored: {other} (folder, 40 samples)" in printed
    found = json.loads(file.read_text())
    assert found["reference"]["count"] == found["samples"]["count"] == 40
    assert set(found["scores"]) == {
        "fd_pixels_40", "fd_debiased_low_pixels_40",
        "fd_debiased_high_pixels_40", "kd_pixels_40", "kd_std_pixels_40",
    }  # fmt: skip
    assert found["protocol"]["real"] == found["protocol"]["fake"] == 40
    saved = tmp_path / "real.npz"
    assert command.main([str(real), f"--save_statistics={saved}"]) == 0
    assert np.load(saved)["mu"].shape == (SIZE * SIZE * 3,)


@pytest.fixture(scope="module")
def bad_sets(tmp_path_factory):
    """Files of each kind that cannot be scored."""
    folder = tmp_path_factory.mktemp("sets")
    x = np.random.default_rng(0).normal(size=(20, 3))
    write(folder / "real", images(0))
    write(folder / "mixed", [*images(0, 3), *images(1, 3, size=5)])
    write(folder / "grey", images(0)[..., 0])
    write(folder / "large", images(0, size=5))
    write(folder / "few", images(0, 2))
    (folder / "broken").mkdir()
    (folder / "broken" / "a.png").write_bytes(b"no image")
    (folder / "empty").mkdir()
    (folder / "a.txt").write_text("text")
    (folder / "bad.zip").write_bytes(b"PK")
    (folder / "bad.npz").write_bytes(b"PK")
    (folder / "bad.npy").write_bytes(b"text")
    np.save(folder / "x.npy", x)
    np.save(folder / "wide.npy", np.c_[x, x])
    np.save(folder / "nan.npy", np.where(x > 1, np.nan, x))
    np.save(folder / "whole.npy", np.arange(6).reshape(3, 2))
    np.save(folder / "float.npy", images(0) / np.float32(127.5) - 1)
    np.save(folder / "first.npy", images(0, size=5).transpose(0, 3, 1, 2))
    np.save(folder / "object.npy", np.array([{}, []], object), allow_pickle=True)
    np.savez(folder / "two.npz", a=x, b=x)
    np.savez(folder / "statistics.npz", mu=x[0], sigma=np.eye(3))
    np.savez(folder / "negative.npz", mu=x[0], sigma=-np.eye(3))
    np.savez(folder / "square.npz", mu=x[0], sigma=np.eye(4))
    np.savez(folder / "labels.npz", x=x, label=np.arange(3))
    return folder


@pytest.mark.parametrize(
    "arguments, says",
    [
        ("real nothing", "'nothing': no such file or folder; expected a folder"),
        ("real a.txt", "'a.txt': a file of another kind"),
        ("real empty", "'empty': .*has no images"),
        ("real broken", "'broken': a.png: is not a readable image"),
        ("real bad.zip", "bad.zip: not a readable .zip"),
        ("real bad.npz", "'bad.npz': not a readable .npz"),
        ("x.npy bad.npy", "'bad.npy': not a readable .npy"),
        ("x.npy object.npy", "'object.npy': not a readable .npy"),
        (
            "x.npy two.npz",
            r"'two.npz': has arrays a \[20, 3\], b \[20, 3\]; exp",
        ),
        ("x.npy nan.npy", "'nan.npy': has features that are not finite"),
        ("x.npy whole.npy", r"int64 \[3, 2\], expected images, uint8"),
        ("real float.npy", r"float32 .*np.rint\(\(x \+ 1\) \* 127.5\)"),
        ("real first.npy", r"uint8 \[40, 3, 5, 5\], expected images"),
        ("x.npy wide.npy", "'wide.npy': 6 features, expected 3 features as in 'x.npy'"),
        ("real x.npy", "'x.npy': holds features and 'real' images"),
        ("real grey", "images of 4×4×1, expected images of 4×4×3 as in 'real'"),
        ("real large", "images of 5×5×3, expected images of 4×4×3"),
        ("real mixed", "0003.png is 5×5 .*; ganjax prepare mixed --size=N makes them"),
        ("real real --extractor=small_cnn_mnist", "expected images of 28×28×1"),
        ("x.npy x.npy --extractor=small_cnn_mnist", "the sets hold features"),
        ("real real --extractor=small_cn", "did you mean 'small_cnn_mnist'"),
        ("real real --weights=w", "weights='w': expected an extractor with it"),
        ("real real --metrics=frechett", "did you mean 'frechet'"),
        ("real real --metrics=paths", "metrics='paths': needs a run"),
        ("real real --metrics=,", "--metrics=,: expected a name"),
        ("real real --metrics=inception_score", "an extractor with classes"),
        (
            "few real --metrics=precision_recall",
            "2 samples in 'few', expected at least 4",
        ),
        ("real real --metrics=intra_frechet", "'real': no classes, expected a folder"),
        ("labels.npz labels.npz --by_class", r"label has shape \[3\], expected \[20\]"),
        ("statistics.npz x.npy --metrics=kernel", "holds mean and covariance"),
        (
            "statistics.npz x.npy --by_class",
            "'statistics.npz': statistics have no classes",
        ),
        ("negative.npz x.npy", "'negative.npz': .* not positive semidefinite"),
        ("square.npz x.npy", r"mu has shape \[3\] and sigma \[4, 4\]"),
        ("x.npy wide.npy statistics.npz", "'wide.npy': 6 features"),
        (
            "x.npy x.npy statistics.npz",
            "'statistics.npz': holds statistics, expected samples",
        ),
        ("real real few", "'few': 2 samples, expected 40 as in 'real'"),
        ("real real real real", "3 sets to score, expected one or two"),
        ("real", "SAMPLES: expected a set to score after the reference"),
        ("real real --samples=5", "n=5: expected a run"),
        ("real real --seed=5", "seed=5: expected a run"),
        ("real real --resamples=1", "resamples=1: expected at least 2"),
        ("real --save_statistics=a.txt", "expected a name that ends in .npz"),
        ("real real --sead=5", "no such flag; did you mean '--seed'"),
        (
            "real real --kernel.subset=5",
            "no such flag; did you mean '--kernel.subsets'",
        ),
        (
            "real real --kernel.subsets=none",
            "kernel.subsets='none': expected int",
        ),
        (
            "real real --precision_recall.k=5",
            "k=5: expected precision_recall among the metrics, found frechet, kernel",
        ),
        (
            "real real --metrics=kernel --kernel.subset_size=41",
            "metrics='kernel': 40 samples in 'real', expected at least 41",
        ),
    ],
)
def test_bad_input_is_one_line(arguments, says, bad_sets, monkeypatch, capsys):
    monkeypatch.chdir(bad_sets)
    assert exit_code(monkeypatch, "score.py", *arguments.split()) == 2
    out, err = capsys.readouterr()
    lines = err.splitlines()
    assert len(lines) == 1 and lines[0].startswith("error: ")
    assert re.search(says, lines[0]), lines[0]
