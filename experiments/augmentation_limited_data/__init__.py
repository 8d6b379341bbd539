"""Limited data, with and without DiffAugment and ADA (Zhao 2020; Karras 2020).

The papers show that augmentation helps more when there are fewer data. We train on a
few items and on all items, and compare Fréchet distances.
"""

import numpy as np
from ml_collections import ConfigDict

from ganjax.report.statistics import estimate
from ganjax.space import product, seeds

from ..claims import Claim, at_least, at_most
from ..figures import COLOURS, panels
from ..trials import chosen, distance, trained

# Augmentations of each kind, for grey images and for colour images.
GREY = {"none": "", "DiffAugment": "translation,cutout", "ADA": "blit,geometric"}
COLOURED = {
    "none": "",
    "DiffAugment": "colour,translation,cutout",
    "ADA": "blit,geometric,colour_transform",
}
ADAPTIVE = {"augmentation.adaptive": True, "augmentation.speed": 20.0}
SCALES = {
    "quick": {
        "data": "mnist",
        "kinds": GREY,
        "items": (100, 0),
        "seeds": 2,
        "steps": 1200,
        "width": 8,
        "rates": (1e-3, 5e-4),
        "extractor": "small_cnn_mnist",
        "samples": 2000,
    },
    "paper": {
        "data": "cifar10_jpeg",
        "kinds": COLOURED,
        "items": (5000, 10_000, 0),
        "seeds": 5,
        "steps": 100_000,
        "width": 64,
        "rates": (2e-4, 2e-4),
        "extractor": "effnet_lite0",
        "samples": 10_000,
    },
}


def run(scale, seed, out):
    protocol = SCALES[scale]
    kinds, items, count = (protocol[name] for name in ("kinds", "items", "seeds"))
    space = product(
        [{"data.limit": n} for n in items],
        [
            {"augmentation.names": names, **(ADAPTIVE if kind == "ADA" else {})}
            for kind, names in kinds.items()
        ],
        seeds(count, seed),
    )
    trials = trained(_config(protocol), space, out / "sweep")
    names = [kind for _ in items for kind in kinds for _ in range(count)]
    return {
        "items": list(items),
        "trials": [
            {"kind": kind, **trial.row}
            for kind, trial in zip(names, trials, strict=True)
        ],
    }


def _config(protocol):
    config = ConfigDict()
    config.steps = protocol["steps"]
    config.batch_size = 64
    config.data = {"name": protocol["data"]}
    config.latents = {"name": "normal", "size": 64}
    width = protocol["width"]
    config.networks = {
        "generator": {"name": "dcgan", "width": width, "normalization": "batch"},
        "discriminator": {
            "name": "dcgan", "width": 2 * width, "normalization": "spectral",
        },
    }  # fmt: skip
    config.optimizers = {
        name: {"learning_rate": rate, "b1": 0.5}
        for name, rate in zip(
            ("generator", "discriminator"), protocol["rates"], strict=True
        )
    }
    config.samples = {"every": 0, "count": 64}
    config.evaluation = {
        "names": ("frechet",),
        "samples": protocol["samples"],
        "real": 10_000,
        "extractor": protocol["extractor"],
    }
    config.checkpoint = {"every": protocol["steps"]}
    return config


def distances(results, kind, items):
    """Return the last Fréchet distance of each seed.

    Args:
      results: the results of ``run``.
      kind: the kind of augmentation.
      items: the number of training items; 0 for all.
    """
    rows = [row for row in results["trials"] if row["kind"] == kind]
    return [distance(row) for row in chosen(rows, data__limit=items)]


def _ratio(results, kind, place):
    """Return an estimate of (distance with augmentation) / (distance without).

    Each ratio compares two runs with the same seed. The estimate is the mean ratio and
    its interval.
    """
    items = results["items"][place]
    with_, without = (distances(results, name, items) for name in (kind, "none"))
    return estimate(np.divide(with_, without))


CLAIMS = (
    *(
        Claim(
            f"{said}on the fewest items, distance with {kind} in parts of that without",
            lambda r, kind=kind: _ratio(r, kind, 0).mean,
            at_most(bound),
            published="better",
            scale=scale,
        )
        for scale, said, kind, bound in (
            ("quick", "quick: ", "DiffAugment", 0.9),
            ("quick", "quick: ", "ADA", 1.0),
            ("paper", "", "DiffAugment", 0.8),
            ("paper", "", "ADA", 0.8),
        )
    ),
    *(
        Claim(
            f"upper end of its 95 % interval, {kind}",
            lambda r, kind=kind: _ratio(r, kind, 0).high,
            at_most(1.0),
            published="better",
            scale="paper",
        )
        for kind in ("DiffAugment", "ADA")
    ),
    Claim(
        "what DiffAugment gains falls with more items: ratio on all of them less that "
        "on the fewest",
        lambda r: _ratio(r, "DiffAugment", -1).mean - _ratio(r, "DiffAugment", 0).mean,
        at_least(0.0),
        published="falls",
        scale="paper",
    ),
)


def figure(results):
    drawn, axes = panels(1, 1, width=3.4, height=2.4)
    axis = axes[0, 0]
    names = [f"{n:,}" if n else "all" for n in results["items"]]
    for kind, colour in zip(GREY, COLOURS, strict=False):
        found = [distances(results, kind, n) for n in results["items"]]
        means = [estimate(values) for values in found]
        axis.errorbar(
            names,
            [e.mean for e in means],
            np.transpose([(e.mean - e.low, e.high - e.mean) for e in means]),
            fmt="o-",
            color=colour,
            label=kind,
        )
        for name, values in zip(names, found, strict=True):
            axis.plot([name] * len(values), values, ".", color=colour, alpha=0.6)
    axis.set(xlabel="training items", ylabel="Fréchet distance", yscale="log")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("{x:g}")
    axis.legend()
    return drawn
