"""The stated direction of each score (higher or lower is better) prefers a good game to
a bad game.

The networks are simple functions. Images have one of ten kinds of stripes.
"""

import functools
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.core import Game
from ganjax.data import Arrays, Source, Spec, as_bytes, open_source
from ganjax.evaluation import EVALUATORS, Evaluation, EvaluationData, measures
from ganjax.evaluation.scores import direction_of
from ganjax.masks import masks_of
from ganjax.metrics.features import Extractor
from ganjax.model import Masking, Model, Sampler
from tests.evaluation.test_inference import State

SIDE, KINDS, NOISE = 12, 10, 0.1
PIXELS = SIDE**2
COUNT = 300

HOLES = {"masks": "square", "least": 0.2, "most": 0.5}

# One stripe for each kind.
STRIPES = np.full((KINDS, SIDE, SIDE, 1), -0.5, np.float32)
STRIPES[np.arange(KINDS), np.arange(KINDS) + 1] = 0.5

# Scores without a direction: neither higher nor lower is better.
NEITHER = {
    "fd_debiased_low", "fd_debiased_high", "kd_std", "is_std", "copying_z",
    "cas_real", "parzen_error",
    "parzen_std", "parzen_real", "critic_auroc", "critic_p_value", "critic_accuracy",
    "critic_distance", "critic_distance_error", "critic_auroc_train_over_test",
    "interpolations_confidence_ends", "interpolations_confidence_blended",
    "inversion_mse_nearest", "reconstruction_mse_nearest", "latents_mse_nearest",
    "anomalies_auroc_pca", "fd_restored_bicubic", "restoration_psnr_bicubic",
    "restoration_ssim_bicubic", "restoration_psnr_pooled_bicubic",
    "restoration_psnr_infinite", "restoration_psnr_infinite_bicubic",
    "restoration_psnr_y_bicubic", "restoration_ssim_y_bicubic",
    "authenticity", "fld_gap", "filling_seam", "filling_class_whole",
    *(f"{stem}_{way}" for way in ("mean", "biharmonic") for stem in (
        "filling_l1", "filling_mse", "filling_class", "filling_seam", "fd_filled"
    )),
}  # fmt: skip


def kinds_of(x):
    """Probabilities ``[n, 10]`` of the ten stripes in each image."""
    rows = x[:, 1 : KINDS + 1].mean((2, 3))
    p = np.exp(20 * (rows - rows.max(axis=1, keepdims=True)))
    return p / p.sum(axis=1, keepdims=True)


def see(images):
    x = np.asarray(images, np.float32) / 127.5 - 1
    return x[:, 1 : KINDS + 1].mean((2, 3)), kinds_of(x).astype(np.float32)


EXTRACTOR = Extractor(name="stripes", width=KINDS, digest="0", resize="none", see=see)


def images(seed, count=COUNT):
    label = (np.arange(count) % KINDS).astype(np.int32)
    noise = np.random.default_rng(seed).standard_normal((count, SIDE, SIDE, 1))
    return Arrays(as_bytes(STRIPES[label] + NOISE * noise), label)


def split(arrays, keys):
    """Pairs whose two images are the same image."""
    at = jax.vmap(lambda key: jax.random.randint(key, (), 0, COUNT))(keys)
    x = jnp.asarray(arrays.data / 127.5 - 1, jnp.float32)[at]
    return {"a": x, "b": x, "label": jnp.asarray(arrays.label)[at]}


SPEC = Spec("stripes", (SIDE, SIDE, 1), tuple("abcdefghij"), normal=(0, 1, 2, 3, 4))
SOURCE = Source(SPEC, images(0, 5 * COUNT), images(1))
PAIRS = Source(
    Spec("pairs", (SIDE, SIDE, 1), SPEC.classes, test_paired=True),
    *2 * [functools.partial(split, images(1))],
)


def draw(keys, truncation=0.0):
    """Latents of noise, a one-hot category and a number."""

    def one(key):
        noise, kind, number = jax.random.split(key, 3)
        category = jax.nn.one_hot(jax.random.randint(kind, (), 0, KINDS), KINDS)
        number = jax.random.uniform(number, (1,), minval=-1)
        return jnp.concatenate(
            [jax.random.normal(noise, (PIXELS - 1,)), category, number]
        )

    return jax.vmap(one)(keys)


def good(apply, z, label):
    """Decode the category to a stripe with noise, and the number to the last pixel."""
    kind = z[:, PIXELS - 1 : -1].argmax(axis=1) if label is None else label
    noise = jnp.concatenate([NOISE * z[:, : PIXELS - 1], 0.5 * z[:, -1:]], axis=1)
    return jnp.asarray(STRIPES)[kind] + noise.reshape(-1, SIDE, SIDE, 1)


def noisy(apply, z, label):
    """Decode all latents and labels to noise without a stripe."""
    return (
        10
        * NOISE
        * jnp.pad(z[:, : PIXELS - 1], [(0, 0), (0, 1)]).reshape(-1, SIDE, SIDE, 1)
    )


def collapsed(apply, z, label):
    """Decode all latents to nearly the same image."""
    return jnp.asarray(STRIPES)[:1] + 1e-3 * noisy(apply, z, label)


def mistaken(apply, z, label):
    """Decode to good samples with the wrong kind of stripe."""
    return good(apply, z, (label + 1) % KINDS)


def copied(apply, z, label):
    return jnp.resize(SOURCE.train.data / 127.5 - 1, (len(z), SIDE, SIDE, 1))


def abilities(right):
    off = 0.0 if right else 0.3

    def nearest(x):
        return jax.nn.softmax(50 * x[:, 1 : KINDS + 1].mean((2, 3)))

    def encode(apply, x):
        kind = nearest(x).argmax(axis=1)
        return (x - jnp.asarray(STRIPES)[kind]).reshape(len(x), -1)[:, :-1] / NOISE

    def classify(apply, x):
        found = nearest(x)
        return found if right else jnp.eye(KINDS)[jnp.zeros(len(x), int)]

    def filled(x, hole):
        kind = nearest(x).argmax(axis=1)
        return x + hole * (1 if right else -1) * jnp.asarray(STRIPES)[kind]

    return {
        "encode": lambda apply, x: encode(apply, x) + 5 * off,
        "reconstruct": lambda apply, x: x + off,
        "restore": lambda apply, x: x * (0.9 - off),
        "interpolate": lambda apply, x: x * 0.8,
        "classify": classify,
        "read": lambda apply, x: jnp.concatenate(
            [classify(apply, x), (1 - 5 * off) * x[:, -1, -1]], axis=1
        ),
        "anomaly": lambda apply, x: (1 if right else -1) * nearest(x)[:, 5:].sum(1),
        "translate": lambda apply, x: x if right else -x,
        "fill": lambda apply, x: filled(x[..., :-1], x[..., -1:]),
    }


# Evaluators of conditional samples, and evaluators that run on other data.
LABELLED = ("classification", "intra_frechet")
OTHERS = (
    *LABELLED, "translation", "modes", "captions", "style", "tables", "imputation",
    "molecules", "series", "sentences",
)  # fmt: skip


def scores_of(decode, names=(), *, right=False, labelled=False, source=None):
    """Scores on images by the evaluators ``names``, or by all except ``OTHERS``."""
    sampler = Sampler(
        draw,
        decode,
        classes=KINDS if labelled else 0,
        codes=(KINDS, 1),
        critic=lambda apply, x, label: x.mean((1, 2, 3)),
        abilities=abilities(right),
        masking=Masking(masks_of(HOLES, (SIDE, SIDE)), HOLES),
    )
    evaluation_data = EvaluationData(
        sampler, source or SOURCE, samples=COUNT, seed=0, real=5 * COUNT,
        extractor=EXTRACTOR,
    )  # fmt: skip
    model = Model(Game({}, players=()), sampler, State())
    found = {}
    for name in names or [x for x in EVALUATORS if x not in OTHERS]:
        found |= dict(EVALUATORS[name](evaluation_data).run(model))
    return found


def points_of(decode):
    """Scores of the evaluator "modes" on points."""
    source = open_source("ring8")
    sampler = Sampler(lambda keys, truncation=0.0: jnp.zeros((len(keys), 2)), decode)
    evaluation_data = EvaluationData(sampler, source, samples=COUNT, seed=0)
    model = Model(Game({}, players=()), sampler, State())
    return dict(EVALUATORS["modes"](evaluation_data).run(model))


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    for repeated in ("RESAMPLES", "PROJECTIONS"):
        patch.setattr(measures, repeated, 4)
    modes = jnp.asarray(open_source("ring8").spec.modes, jnp.float32)
    labelled = functools.partial(scores_of, names=(*LABELLED, "classes"), labelled=True)
    pairs = functools.partial(scores_of, good, names=("translation",), source=PAIRS)
    found = {
        "good": scores_of(good, right=True)
        | labelled(good)
        | pairs(right=True)
        | points_of(lambda apply, z, label: jnp.resize(modes, z.shape)),
        "noisy": labelled(mistaken)
        | scores_of(noisy)
        | pairs()
        | points_of(lambda apply, z, label: z + 9.0),
        "collapsed": scores_of(
            collapsed, ("diversity", "precision_recall", "pixels", "classes", "codes")
        )
        | points_of(lambda apply, z, label: z + modes[:1]),
        "copied": scores_of(copied, ("copies",)),
    }
    patch.undo()
    return found


def stem_of(name):
    return re.sub(r"(_stripes)?(_\d+)?$", "", name)


# Scores for which noise is not worse than good samples, and the bad game for them.
WORSE = {
    "copied": "copied",
    "diversity": "collapsed",
    "recall": "collapsed",
    "classes_found": "collapsed",
    "smallest_class_share": "collapsed",
    "classes_modes": "collapsed",
    "classes_smallest_share": "collapsed",
    "classes_reverse_kl": "collapsed",
    "modes": "collapsed",
    "reverse_kl": "collapsed",
    "codes_correlation": "collapsed",
}


def test_a_direction_prefers_the_good_game(found):
    seen = set()
    for name, value in found["good"].items():
        stem = stem_of(name)
        direction = direction_of(name, EVALUATORS.values())
        if stem in NEITHER or name.endswith("_floor"):
            assert direction is None, name
            seen.add(stem)
            continue
        worse = found[WORSE.get(stem, "noisy")][name]
        assert direction == ("higher" if value > worse else "lower"), (
            name, value, worse,
        )  # fmt: skip
        assert value != worse, name
    assert seen >= NEITHER


def test_names_over_inception_keep_their_directions():
    for name, direction in (
        ("fid_10k", "lower"),
        ("fid_debiased_low_10k", None),
        ("fid_10k_floor", None),
        ("fid_infinity_10k", "lower"),
        ("kid_10k", "lower"),
        ("kid_std_10k", None),
        ("intra_fd_inception_10k", "lower"),
        ("precision_inception_10k", "higher"),
        ("fides", None),
    ):
        assert direction_of(name, EVALUATORS.values()) == direction, name


def test_a_direction_is_known_of_the_evaluators_that_there_are(found):
    evaluation_data = EvaluationData(Sampler(draw, good), SOURCE, samples=COUNT, seed=0)
    evaluation = Evaluation(evaluation_data, ["sliced"], lambda state: None)
    assert evaluation.direction("swd_pixels_300") == "lower"
    assert evaluation.direction("recall_pixels_300") is None
