"""Stacked MNIST: a thousand modes, packing, R3GAN's loss (Lin 2018, Table 3).

The papers count the modes that a GAN finds among stacks of three digits. We train with
packing and with gradient penalties, and a classifier counts modes and measures the KL.
"""

import numpy as np
from ml_collections import ConfigDict

from ganjax.space import seeds

from ..claims import Claim, at_least, at_most, near
from ..figures import COLOURS, panels
from ..trials import last, trained

# scale -> (seeds, steps, packs in a batch, samples for a score, factor on the rates)
SCALES = {"quick": (2, 1500, 32, 5000, 5.0), "paper": (5, 500_000, 128, 25_600, 1.0)}
PACKINGS = (1, 2, 4)
SEPARABLE, PAIRED = "GAN + R1 + R2", "RpGAN + R1 + R2"
HALF_PENALISED = ("GAN + R1", "RpGAN + R1")
GAMMA = 1.0
_R1 = {
    "regularizers.r1.weight": GAMMA,
    "networks.discriminator.normalization": "none",
}
_BOTH = {**_R1, "regularizers.r2.weight": GAMMA}
_RELATIVISTIC = {"loss.name": "relativistic_pairing"}
# variant -> (config fields, published modes, published KL). Packing: PacGAN's Table 3,
# with a discriminator of half the generator's size. Penalties: R3GAN's Table 1, with
# R3GAN's network; there, R1 alone fails.
VARIANTS = {
    "packing 1": ({"packing": 1}, 487.7, 2.24),
    "packing 2": ({"packing": 2}, 840.7, 1.00),
    "packing 4": ({"packing": 4}, 820.2, 1.15),
    "GAN + R1": (_R1, None, None),
    SEPARABLE: (_BOTH, 693, 0.927),
    "RpGAN + R1": ({**_RELATIVISTIC, **_R1}, None, None),
    PAIRED: ({**_RELATIVISTIC, **_BOTH}, 1000, 0.0781),
}


def run(scale, seed, out):
    count, steps, packs, samples, factor = SCALES[scale]
    space = [
        {**fields, "batch_size": packs * fields.get("packing", 1), **point}
        for fields, *_ in VARIANTS.values()
        for point in seeds(count, seed)
    ]
    trials = trained(_config(steps, samples, factor), space, out / "sweep")
    names = [name for name in VARIANTS for _ in range(count)]
    return {
        "samples": samples,
        "trials": [
            {"variant": name, **trial.row}
            for name, trial in zip(names, trials, strict=True)
        ],
    }


def _config(steps, samples, factor):
    config = ConfigDict()
    config.steps = steps
    config.data = {"name": "stacked_mnist"}
    config.latents = {"name": "normal", "size": 256}
    config.networks = {
        "generator": {"name": "dcgan", "width": 16, "normalization": "batch"},
        "discriminator": {"name": "dcgan", "width": 8, "normalization": "batch"},
    }
    config.optimizers = {
        name: {"learning_rate": factor * rate, "b1": 0.5, "b2": 0.99}
        for name, rate in (("discriminator", 2e-4), ("generator", 1e-4))
    }
    config.samples = {"every": 0, "count": 64}
    config.evaluation = {
        "names": ("classes",),
        "samples": samples,
        "real": 10_000,
        "extractor": "small_cnn_mnist",
    }
    config.checkpoint = {"every": steps}
    return config


def _found(results, variant, name):
    """Return a score for each run of a variant.

    ``{}`` in ``name`` is replaced by the extractor and the number of samples.
    """
    rows = [row for row in results["trials"] if row["variant"] == variant]
    count = results["samples"]
    size = f"{count // 1000}k" if count % 1000 == 0 else count
    return last(rows, name.format(f"small_cnn_mnist_{size}"))


def _mean(results, variant, name="classes_modes_{}"):
    values = _found(results, variant, name)
    return sum(values) / len(values)


def expected_modes(count: int) -> float:
    """Return how many of 1,000 equally likely modes ``count`` samples hit, on average.

    Args:
      count: the number of samples.
    """
    return 1000 * (1 - (1 - 1e-3) ** count)


CLAIMS = (
    Claim(
        "calibration: modes that the classifier finds among real stacks, of those that "
        "so many samples meet",
        lambda r: (
            _found(r, PAIRED, "classes_modes_{}_floor")[0]
            / expected_modes(r["samples"])
        ),
        near(1.0, absolute=0.01),
        published=1,
    ),
    Claim(
        "calibration: KL of real stacks, in parts of its floor (K − 1)/2N",
        lambda r: (
            _found(r, PAIRED, "classes_reverse_kl_{}_floor")[0]
            / (999 / (2 * r["samples"]))
        ),
        near(1.0, absolute=0.25),
    ),
    Claim(
        "quick: modes with R1 + R2 and either loss, mean over seeds",
        lambda r: [_mean(r, name) for name in (SEPARABLE, PAIRED)],
        at_least(350),
        published=[693, 1000],
        scale="quick",
    ),
    Claim(
        "quick: what either finds beyond the plain GAN",
        lambda r: [
            _mean(r, name) - _mean(r, "packing 1") for name in (SEPARABLE, PAIRED)
        ],
        at_least(150),
        scale="quick",
    ),
    Claim(
        "modes with packing 2 and 4 minus modes with packing 1",
        lambda r: [
            _mean(r, f"packing {n}") - _mean(r, "packing 1") for n in PACKINGS[1:]
        ],
        at_least(100),
        published=[353.0, 332.5],
        scale="paper",
    ),
    Claim(
        "modes of RpGAN + R1 + R2, mean over seeds",
        lambda r: _mean(r, PAIRED),
        at_least(990),
        published=1000,
        scale="paper",
    ),
    Claim(
        "modes with R1 alone and either loss, mean over seeds (0 where a run failed)",
        lambda r: [
            float(np.nan_to_num(_found(r, name, "classes_modes_{}")).mean())
            for name in HALF_PENALISED
        ],
        at_most(500),
        published="fails",
        scale="paper",
    ),
    Claim(
        "KL of RpGAN + R1 + R2 in nats, mean over seeds",
        lambda r: _mean(r, PAIRED, "classes_reverse_kl_{}"),
        at_most(0.15),
        published=0.0781,
        scale="paper",
    ),
)


def figure(results):
    drawn, axes = panels(1, 2, width=3.0, height=2.4)
    for axis, name, title, place in (
        (axes[0, 0], "classes_modes_{}", "modes of 1,000", 1),
        (axes[0, 1], "classes_reverse_kl_{}", "KL, nats", 2),
    ):
        for i, (variant, entry) in enumerate(VARIANTS.items()):
            values = _found(results, variant, name)
            axis.bar(i, sum(values) / len(values), 0.6, color=COLOURS[0], alpha=0.5)
            axis.plot([i] * len(values), values, ".", color=COLOURS[0])
            if entry[place] is not None:
                label = "published" if i == 0 else None
                axis.plot(i, entry[place], "_", color=COLOURS[1], ms=14, label=label)
        axis.set_xticks(range(len(VARIANTS)), VARIANTS, rotation=30, ha="right")
        axis.set(title=title)
    axes[0, 1].legend()
    return drawn
