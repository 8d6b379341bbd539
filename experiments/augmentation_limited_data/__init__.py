"""Limited data, with and without DiffAugment and ADA (Zhao 2020; Karras 2020)."""

import numpy as np
from ml_collections import ConfigDict

from experiments.claims import Claim, at_least, at_most
from experiments.figures import COLOURS, panels
from experiments.trials import chosen, distance, trained
from ganjax.space import product, seeds

# scale -> data, extractor, training items, seeds, steps, width
SCALES = {
    "quick": ("mnist", "small_cnn_mnist", (300, 3000, 0), 2, 1500, 8),
    "paper": ("cifar10_jpeg", "efficientnet_lite0", (5000, 10_000, 0), 5, 100_000, 64),
}
KINDS = {
    "none": {"augmentation.names": ""},
    "DiffAugment": {"augmentation.names": "translation,cutout"},
    "ADA": {
        "augmentation.names": "blit,geometric",
        "augmentation.adaptive": True,
        "augmentation.speed": 20.0,
    },
}
COLOUR = {"DiffAugment": "colour,", "ADA": ",colour_transform"}


def run(scale, seed, out):
    data, extractor, items, count, steps, width = SCALES[scale]
    space = product(
        [{"data.limit": n} for n in items],
        [dict(fields, **_coloured(kind, data)) for kind, fields in KINDS.items()],
        seeds(count, seed),
    )
    trials = trained(_config(data, extractor, steps, width), space, out / "sweep")
    names = [kind for _ in items for kind in KINDS for _ in range(count)]
    return {
        "items": list(items),
        "trials": [
            {"kind": kind, **trial.row}
            for kind, trial in zip(names, trials, strict=True)
        ],
    }


def _coloured(kind, data):
    """Colours too are changed where there are any."""
    names = KINDS[kind]["augmentation.names"]
    if data == "mnist" or kind == "none":
        return {}
    before, _, after = COLOUR[kind].partition(",")
    joined = ",".join(filter(None, (before, names, after)))
    return {"augmentation.names": joined}


def _config(data, extractor, steps, width):
    config = ConfigDict()
    config.steps = steps
    config.batch_size = 64
    config.data = {"name": data}
    config.latents = {"name": "normal", "size": 64}
    config.networks = {
        "generator": {"name": "dcgan", "width": width, "normalization": "batch"},
        "discriminator": {
            "name": "dcgan", "width": 2 * width, "normalization": "spectral",
        },
    }  # fmt: skip
    config.optimizers = {
        "generator": {"learning_rate": 1e-3 if steps < 10_000 else 2e-4, "b1": 0.5},
        "discriminator": {"learning_rate": 5e-4 if steps < 10_000 else 2e-4, "b1": 0.5},
    }
    config.samples = {"every": 0, "count": 64}
    config.evaluation = {
        "names": ("frechet",),
        "samples": 2000 if steps < 10_000 else 10_000,
        "extractor": extractor,
    }
    config.checkpoint = {"every": steps}
    return config


def distances(results, kind, items):
    """Final Fréchet distances of a kind of augmentation on so many items, by seed."""
    rows = [row for row in results["trials"] if row["kind"] == kind]
    return [distance(row) for row in chosen(rows, data__limit=items)]


def _ratio(kind, place):
    """Mean distance with an augmentation, in parts of that without."""

    def measured(results):
        items = results["items"][place]
        with_, without = (
            np.mean(distances(results, name, items)) for name in (kind, "none")
        )
        return float(with_ / without)

    return measured


CLAIMS = (
    *(
        Claim(
            f"{said}on the fewest items, distance with {kind} in parts of that without",
            _ratio(kind, 0),
            at_most(bound),
            published="better",
            scale=scale,
        )
        for scale, said, bound in (("quick", "quick: ", 0.9), ("paper", "", 0.8))
        for kind in ("DiffAugment", "ADA")
    ),
    Claim(
        "what DiffAugment gains falls with more items: ratio on all of them less that "
        "on the fewest",
        lambda r: _ratio("DiffAugment", -1)(r) - _ratio("DiffAugment", 0)(r),
        at_least(0.0),
        published="falls",
        scale="paper",
    ),
)


def figure(results):
    drawn, axes = panels(1, 1, width=3.4, height=2.4)
    axis = axes[0, 0]
    names = [f"{n:,}" if n else "all" for n in results["items"]]
    for kind, colour in zip(KINDS, COLOURS, strict=False):
        found = [distances(results, kind, n) for n in results["items"]]
        axis.plot(names, [np.mean(v) for v in found], "o-", color=colour, label=kind)
        for name, values in zip(names, found, strict=True):
            axis.plot([name] * len(values), values, ".", color=colour, alpha=0.6)
    axis.set(xlabel="training items", ylabel="Fréchet distance", yscale="log")
    axis.legend()
    return drawn
