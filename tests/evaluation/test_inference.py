"""Scores of abilities (reconstruction, codes, anomalies, …). The networks are simple
functions, so the scores are known."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core import Game
from ganjax.data import Arrays, Source, Spec
from ganjax.errors import BadInput, Uncomputable
from ganjax.evaluation import EVALUATORS, Evaluation, EvaluationData
from ganjax.evaluation.protocol import protocol_of
from ganjax.masks import masks_of
from ganjax.metrics.features import Extractor
from ganjax.model import Enlarging, Masking, Model, Sampler
from tests import tiny

SIZE = 3


@dataclasses.dataclass(frozen=True, eq=False)
class State:
    """The state of a game without networks."""

    params = variables = ema = {}


def draw(keys, truncation=0.0):
    return jax.vmap(lambda key: jax.random.normal(key, (SIZE,)))(keys)


def game(codes=(0, 0), draw=draw, **abilities):
    """A sampler whose samples are the latents."""
    return Sampler(draw, lambda apply, z, label: z, codes=codes, abilities=abilities)


def source(train, test, label=None, classes=(), **spec):
    zeros = np.zeros(len(test), np.int32)
    return Source(
        Spec("points", (train.shape[1],), classes, **spec),
        Arrays(train.astype(np.float32), np.zeros(len(train), np.int32)),
        Arrays(test.astype(np.float32), zeros if label is None else label),
    )


def scores(name, made, data, n=1000):
    evaluation_data = EvaluationData(made, data, samples=n, seed=0)
    return dict(EVALUATORS[name](evaluation_data).run(model_of(made)))


def model_of(sampler):
    return Model(Game(networks={}, players=()), sampler, State())


def normal(n, seed=0):
    return np.random.default_rng(seed).standard_normal((n, SIZE))


def test_reconstruction_beside_the_nearest_training_sample():
    """A reconstruction with an offset of 0.1 has a squared error of 0.01. The nearest
    training sample differs by 0.2 in one of three entries."""
    test = 10 * normal(1200)
    train = test + [0.2, 0.0, 0.0]
    found = scores(
        "reconstruction", game(reconstruct=lambda a, x: x + 0.1), source(train, test)
    )
    assert found["reconstruction_mse_1000"] == pytest.approx(0.01, rel=1e-3)
    assert found["reconstruction_mse_nearest_1000"] == pytest.approx(0.04 / 3, rel=1e-3)


def test_codes_that_are_moved_are_as_far_as_they_are_moved():
    """Held-out samples are standard normal. Codes that are shifted by 2 in each of
    three entries have a Fréchet distance of 3·2² = 12, and a squared error of 4 per
    entry."""
    data = source(normal(1000, 1), normal(4000))
    there = scores("latents", game(encode=lambda a, x: x), data, n=4000)
    off = scores("latents", game(encode=lambda a, x: x + 2), data, n=4000)
    assert there["fd_latents_4000"] < 0.02
    assert off["fd_latents_4000"] == pytest.approx(12, abs=0.5)
    assert off["fd_latents_4000_floor"] == there["fd_latents_4000_floor"] < 0.02
    assert there["latents_mse"] == 0
    assert off["latents_mse"] == pytest.approx(4, rel=1e-5)
    assert 0 < there["latents_mse_nearest"] < 0.1


def coded(keys, truncation=0.0):
    kind = jax.nn.one_hot(jnp.arange(len(keys)) % 2, 2)
    number = jax.vmap(lambda key: jax.random.uniform(key, (1,), minval=-1))(keys)
    return jnp.concatenate([jnp.zeros((len(keys), 1)), kind, number], axis=1)


@pytest.mark.parametrize(
    ("sure", "bound"),
    [
        (1.0, np.log(2)),
        (0.5, 0.0),
        (0.9, np.log(2) + np.log(0.9)),
    ],
)
def test_the_bound_is_the_entropy_less_what_is_not_read(sure, bound):
    def read(apply, x):
        kind = sure * x[:, 1:3] + (1 - sure) * x[:, 2:0:-1]
        return jnp.concatenate([kind, -x[:, 3:]], axis=1)

    data = source(np.zeros((4, 4)), np.zeros((4, 4)))
    found = scores("codes", game((2, 1), coded, read=read), data)
    assert found["codes_bound_1000"] == pytest.approx(bound, abs=1e-5)
    assert found["codes_correlation_0"] == pytest.approx(-1, abs=1e-5)


def test_categories_stand_for_the_classes_that_suit_them_best():
    """Class b is read as category 0 and class a as category 1, except in a tenth of the
    samples."""
    label = np.arange(1000).astype(np.int32) % 2
    given_label = np.where(np.arange(1000) < 100, label, 1 - label)
    test = np.eye(2)[given_label] @ [[0, 1, 0, 0], [0, 0, 1, 0]]
    made = game((2, 1), coded, read=lambda a, x: x[:, 1:])
    found = scores("codes", made, source(test, test, label, ("a", "b")))
    assert found["codes_agreement_1000"] == pytest.approx(0.9)


def test_labels_that_are_read_wrongly():
    label = (np.arange(1000) % 4).astype(np.int32)
    test = np.eye(4)[np.where(label == 3, 0, label)]
    made = game(classify=lambda a, x: x)
    found = scores("labels", made, source(test, test, label, tuple("abcd")))
    assert found == {"labels_error_1000": 0.25}


def test_anomalies_by_the_game_and_by_principal_components():
    """Normal samples lie on a line, and anomalies have the distance 1 from it. A tenth
    of the normal samples are moved by 5, so they have higher scores than all
    anomalies."""
    rng = np.random.default_rng(0)
    label = (np.arange(1000) % 2).astype(np.int32)
    test = np.stack([rng.standard_normal(1000), label * 1.0, np.zeros(1000)], axis=1)
    test[::20, 2] = 5.0  # a tenth of the normal samples
    train = np.stack([rng.standard_normal(500), *np.zeros((2, 500))], axis=1)
    data = source(train, test, label, ("a", "b"), normal=(0,))
    made = game(anomaly=lambda a, x: x[:, 1] + x[:, 2])
    found = scores("anomalies", made, data)
    assert found["anomalies_auroc_1000"] == pytest.approx(0.9)
    assert found["anomalies_auroc_pca_1000"] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("labels", "digits", "with the ability 'classify', the abilities .* none"),
        ("anomalies", "digits", "ability 'anomaly'"),
        ("translation", "digits", "ability 'translate'"),
        ("filling", "digits", "ability 'fill'"),
        ("style", "digits", "ability 'stylise'"),
    ],
)
def test_what_a_game_cannot_do_is_refused(name, data, said):
    setup = tiny.setup("gan")
    with pytest.raises(BadInput, match=said):
        evaluation_data = EvaluationData(
            setup.sampler, setup.source, samples=100, seed=0
        )
        Evaluation(evaluation_data, [name], setup.model)


def test_anomalies_need_classes_that_are_left_out():
    setup = tiny.setup("ganomaly", data__classes="")
    with pytest.raises(BadInput, match="of some classes only, as with data.classes=3"):
        evaluation_data = EvaluationData(
            setup.sampler, setup.source, samples=100, seed=0
        )
        Evaluation(evaluation_data, ["anomalies"], setup.model)


def test_translations_are_compared_with_their_pairs():
    """A point b is its point a, turned and stretched, and a has length 1. The
    translation of a is a itself, so its error is |b − a|."""
    setup = tiny.setup("pix2pix")
    made = Sampler(abilities={"translate": lambda apply, a: a})
    found = scores("translation", made, setup.source, n=2000)["translation_l1_2000"]
    angle = np.pi / 4 * np.arange(8)
    a = np.stack([np.cos(angle), np.sin(angle)], 1)
    c, s = np.cos(np.pi / 8), np.sin(np.pi / 8)
    b = 1.5 * a @ np.array([[c, s], [-s, c]])
    assert found == pytest.approx(np.abs(a - b).mean(), abs=0.02)


def test_images_smaller_than_a_window_of_structure_are_refused():
    setup = tiny.setup("super_resolution")
    same = dict.fromkeys(("restore", "interpolate"), lambda a, x: x)
    with pytest.raises(Uncomputable, match="more than 10 pixels"):
        scores("restoration", Sampler(abilities=same), setup.source, n=100)


def flat_images(value, count=600, side=12):
    """Test images of one grey, as bytes, and training images that vary."""
    shape = side, side, 1
    train = np.random.default_rng(0).integers(0, 256, (count, *shape), np.uint8)
    test = np.full((count, *shape), value, np.uint8)
    zeros = np.zeros(count, np.int32)
    return Source(Spec("flat", shape), Arrays(train, zeros), Arrays(test, zeros))


def test_restorations_are_compared_in_the_range_of_the_published_scores():
    """Flat images a = 115/255 are restored as b = 140/255. Without variance SSIM is
    (2ab + c₁) / (a² + b² + c₁), c₁ = 0.01². The error of bytes is 25."""
    restored = dict.fromkeys(
        ("restore", "interpolate"), lambda apply, x: x * 0 + (140 / 127.5 - 1)
    )
    found = scores("restoration", Sampler(abilities=restored), flat_images(115), n=100)
    a, b, c1 = 115 / 255, 140 / 255, 1e-4
    expected = (2 * a * b + c1) / (a * a + b * b + c1)
    assert found["restoration_ssim_100"] == pytest.approx(expected, abs=1e-6)
    assert found["restoration_ssim_100"] == pytest.approx(0.981, abs=1e-3)
    psnr = 20 * np.log10(255 / 25)
    for stem in ("restoration_psnr", "restoration_psnr_pooled"):
        assert found[f"{stem}_100"] == pytest.approx(psnr, abs=1e-9)
        assert found[f"{stem}_bicubic_100"] == pytest.approx(psnr, abs=1e-9)
    assert found["restoration_psnr_infinite_100"] == 0


def test_an_exact_restoration_has_a_finite_ratio_and_no_bootstrap(monkeypatch):
    """Errors below half a level vanish in bytes."""

    def refused(*args, **options):
        raise AssertionError("restoration asks for no interval")

    monkeypatch.setattr("ganjax.metrics.frechet_interval", refused)
    near = dict.fromkeys(("restore", "interpolate"), lambda apply, x: x + 0.003)
    found = scores("restoration", Sampler(abilities=near), flat_images(115), n=100)
    assert found["restoration_psnr_infinite_100"] == 100
    most = 20 * np.log10(255) + 10 * np.log10(12 * 12)
    assert found["restoration_psnr_100"] == pytest.approx(most)
    assert all(np.isfinite(value) for value in found.values())


def framed(frame, inside, side=16):
    """Flat images of 8 bits with a frame of two pixels of another grey, in [-1, 1]."""
    image = np.full((1, side, side, 1), frame)
    image[:, 2:-2, 2:-2] = inside
    return jnp.asarray(2 * image / 255 - 1, jnp.float32)


def luma_scores(frame, inside, **options):
    """Luma scores of restorations of flat images of grey 115."""
    made = framed(frame, inside)
    restored = dict.fromkeys(("restore", "interpolate"), lambda apply, x: x * 0 + made)
    sampler = Sampler(abilities=restored, enlarging=Enlarging(2))
    source = flat_images(115, side=16)
    data = EvaluationData(sampler, source, samples=100, seed=0, **options)
    found = dict(EVALUATORS["restoration"](data).run(model_of(sampler)))
    assert found["restoration_psnr_y_bicubic_100"] == found["restoration_psnr_y_100"]
    assert found["restoration_ssim_y_bicubic_100"] == found["restoration_ssim_y_100"]
    return found["restoration_psnr_y_100"], found["restoration_ssim_y_100"]


def test_luma_has_219_steps_and_a_border_is_left_out():
    """Grey g has the luma 16 + 219·g/255. The errors in a frame of two pixels are left
    out for a factor of two, and counted without a border: 112 of 256 pixels."""
    psnr, ssim = luma_scores(0, 140)
    (a, b), c1 = (16 + 219 * g / 255 for g in (115, 140)), 2.55**2
    assert psnr == pytest.approx(20 * np.log10(255 / (219 * 25 / 255)), abs=1e-9)
    expected = (2 * a * b + c1) / (a * a + b * b + c1)
    assert ssim == pytest.approx(expected, abs=1e-9)
    assert luma_scores(140, 115, border=2)[1] == pytest.approx(1, abs=1e-12)
    psnr, ssim = luma_scores(140, 115, border=0)
    error = (219 * 25 / 255) ** 2 * 112 / 256
    assert psnr == pytest.approx(10 * np.log10(255**2 / error), abs=1e-9)
    assert ssim < 0.99


def test_a_border_leaves_a_window_and_is_in_the_protocol():
    same = dict.fromkeys(("restore", "interpolate"), lambda a, x: x)
    sampler = Sampler(abilities=same, enlarging=Enlarging(4))
    data = EvaluationData(sampler, flat_images(115, side=16), samples=100, seed=0)
    assert protocol_of(data, 3)["border"] == 4
    with pytest.raises(Uncomputable, match=r"border=4: expected at most 2, .*16×16×1"):
        EVALUATORS["restoration"](data)
    data = EvaluationData(game(), flat_images(115), samples=100, seed=0)
    assert "border" not in protocol_of(data, 3)


HOLES = {"masks": "square", "least": 0.1, "most": 0.4}


def filling_scores(value, **options):
    """Scores of holes that are filled with ``value``, in flat images of grey 200."""

    def fill(apply, x):
        image, hole = x[..., :-1], x[..., -1:]
        return image * (1 - hole) + value * hole

    source = flat_images(200)
    spec = dataclasses.replace(source.spec, classes=("dark", "bright"))
    label = np.ones(len(source.test), np.int32)
    source = Source(spec, source.train, Arrays(source.test.data, label))
    masking = Masking(masks_of(HOLES, (12, 12)), HOLES)
    sampler = Sampler(abilities={"fill": fill}, masking=masking)
    data = EvaluationData(sampler, source, samples=100, seed=0, **options)
    assert protocol_of(data, 3)["masks"] == HOLES
    return dict(EVALUATORS["filling"](data).run(model_of(sampler)))


def test_filled_holes_of_flat_images():
    """Grey 200 is 0.5686 in [-1, 1]. Holes of −1 have the error 1.5686, and the mean
    and the biharmonic surface have none. The original images have no steps for a
    ratio."""
    found = filling_scores(-1.0)
    grey = 200 / 127.5 - 1
    assert found["filling_l1_100"] == pytest.approx(grey + 1, rel=1e-5)
    assert found["filling_mse_100"] == pytest.approx((grey + 1) ** 2, rel=1e-5)
    assert not any(name.startswith("filling_seam") for name in found)
    for way in ("mean", "biharmonic"):
        assert found[f"filling_l1_{way}_100"] == pytest.approx(0, abs=1e-6)
    assert "filling_class_pixels_100" not in found


def test_a_classifier_reads_completed_images(tmp_path, monkeypatch):
    """The classifier calls an image bright if its mean is above 190. A black hole of a
    tenth of the pixels takes 20 from the mean of 200."""

    def see(images):
        bright = (images.astype(float).mean((1, 2, 3)) > 190).astype(np.float32)
        return images[:, 0, :2, 0] / 255.0, np.stack([1 - bright, bright], 1)

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # features of real images
    extractor = Extractor("bright", 2, "0", "none", see)
    found = filling_scores(-1.0, extractor=extractor)
    assert found["filling_class_whole_bright_100"] == 1
    assert found["filling_class_bright_100"] == 0
    assert found["filling_class_mean_bright_100"] == 1
    assert found["filling_class_biharmonic_bright_100"] == 1


def test_shares_of_style_and_content():
    """Losses are squared distances of pixels. The style is an affine map of the
    content, and the result lies half way. So both of its shares are 1/4. Colour
    transfer finds the affine map: it has all of the style's moments, and none of the
    content."""

    def pairs(keys):
        one = jax.vmap(lambda key: jax.random.uniform(key, (6, 6, 1), minval=-1))(keys)
        return {"a": 0.3 * one, "b": 0.6 * one + 0.2}

    def loss(first, second):
        return lambda apply, x: jnp.mean(
            (x[..., first : first + 1] - x[..., second : second + 1]) ** 2, (1, 2, 3)
        )

    abilities = {
        "stylise": lambda apply, x: x.mean(-1, keepdims=True),
        "style_loss": loss(0, 1),
        "content_loss": loss(0, 1),
    }
    data = Source(Spec("pairs", (6, 6, 1), domains=("a", "b")), pairs, pairs)
    found = scores("style", Sampler(abilities=abilities), data, n=50)
    for name, share in {
        "style_share_50": 0.25, "content_share_50": 0.25,
        "style_share_colour_50": 0.0, "content_share_colour_50": 1.0,
    }.items():  # fmt: skip
        assert found[name] == pytest.approx(share, abs=1e-4), name
    # A half of (0.3 u + 0.2), u uniform in [-1, 1]: the mean of its square.
    assert found["style_loss_50"] == pytest.approx((0.03 + 0.04) / 4, rel=0.1)


def test_images_without_luma_have_no_scores_of_it():
    rgba = np.random.default_rng(0).integers(0, 256, (50, 12, 12, 4), np.uint8)
    split = Arrays(rgba, np.zeros(50, np.int32))
    same = dict.fromkeys(("restore", "interpolate"), lambda a, x: x)
    found = scores(
        "restoration", Sampler(abilities=same),
        Source(Spec("rgba", (12, 12, 4)), split, split), n=100,
    )  # fmt: skip
    assert "restoration_psnr_50" in found
    assert not any("_y_" in name for name in found)


def test_a_linear_generator_is_inverted():
    """Samples are latents, so inversion finds every held-out sample exactly."""
    test, train = normal(200), normal(50, 1)
    found = scores("inversion", game(), source(train, test))
    assert found["inversion_mse_200"] < 1e-4
    distances = np.square(test[:, None] - train[None]).sum(-1).min(1)
    assert found["inversion_mse_nearest_200"] == pytest.approx(
        distances.mean() / SIZE, rel=1e-4
    )
