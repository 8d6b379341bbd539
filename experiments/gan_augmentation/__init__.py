"""Does a conditional GAN help a classifier of few labels?

A conditional GAN is trained on the labelled images alone. A classifier is trained with
and without its images, and with and without classic augmentation (Frid-Adar 2018).
"""

from pathlib import Path

import numpy as np
from ml_collections import ConfigDict

import ganjax
from ganjax import names
from ganjax.data import Arrays, as_bytes, in_memory, open_source, scaled
from ganjax.report.statistics import Estimate, estimate
from ganjax.space import grid, product, seeds

from ..claims import Claim, at_least, at_most
from ..figures import COLOURS, panels
from ..trials import trained
from .classifier import Recipe, predicted, trained_classifier

# Data set -> whether a mirrored image has the same class.
DATA = {"mnist": False, "fashion_mnist": True}
LABELS = (20, 100, 500)  # of each class
SEEDS = 5
STEPS = 1500
GENERATED = 5000
SHOWN = 20
RECIPES = {
    "real": Recipe(),
    "real + generated": Recipe(generated=0.5),
    "classic": Recipe(classic=True),
    "classic + generated": Recipe(generated=0.5, classic=True),
    "generated": Recipe(generated=1.0),
}
# What generated images are added to, and the result.
ADDED = (("real", "real + generated"), ("classic", "classic + generated"))


def run(scale, seed, out):
    names.beside(Path(__file__).parents[2])  # where a checkout has this package
    # The labelled images depend on the seed, so an interval covers their choice.
    chosen = [{**point, "data.draw": point["seed"]} for point in seeds(SEEDS, seed)]
    space = product(grid({"data.per_class": LABELS}), chosen)
    # Every trial has other data, so none share a program.
    trials = {
        name: trained(_config(name), space, out / name, population="map")
        for name in DATA
    }
    return {name: _measured(name, found) for name, found in trials.items()}


def _source_name(data):
    return f"{__name__}.labelled:{data}"


def _config(data):
    config = ConfigDict()
    config.game = "conditional_gan"
    config.steps = STEPS
    config.batch_size = 64
    config.data = {"name": _source_name(data)}
    config.latents = {"name": "normal", "size": 64}
    config.networks = {
        "generator": {"name": "dcgan", "width": 16, "normalization": "batch"},
        "discriminator": {"name": "dcgan", "width": 16, "normalization": "spectral"},
    }
    config.conditioning = {
        "generator": "conditional_batch_norm", "discriminator": "projection",
    }  # fmt: skip
    config.optimizers = {
        "generator": {"learning_rate": 1e-3, "b1": 0.5},
        "discriminator": {"learning_rate": 5e-4, "b1": 0.5},
    }
    config.samples = {"every": 0}
    config.checkpoint = {"every": STEPS}
    config.parallel = {"inner_steps": 50}
    return config


def _measured(data, trials):
    """Return the accuracies of all classifiers of a data set, and pictures of the first
    seed's generated images."""
    source = open_source(_source_name(data))
    every, test = in_memory(source.train), in_memory(source.test)
    reference = trained_classifier(every, every, Recipe(), mirror=False, seed=0)
    rows, pictures = [], {}
    for trial in trials:
        labels, seed = (int(trial.point[x]) for x in ("data.per_class", "seed"))
        row = {"labels": labels, "seed": seed, "state": trial.state}
        rows.append(row)
        if trial.state != "finished":
            continue
        found = ganjax.load(trial.path)
        real = in_memory(found.source.train)
        fake = Arrays(
            as_bytes(found.sample(0, GENERATED)), found.model.labels(GENERATED)
        )
        row["requested"] = _accuracy(reference, fake)
        for name, recipe in RECIPES.items():
            variables = trained_classifier(
                real, fake, recipe, mirror=DATA[data], seed=seed
            )
            row[name] = _accuracy(variables, test)
        if str(labels) not in pictures:
            shown = np.asarray(scaled(fake.data[:SHOWN, ..., 0]), float)
            pictures[str(labels)] = np.round(shown, 2).tolist()
    return {
        "reference": _accuracy(reference, test),
        "runs": rows,
        "pictures": pictures,
    }


def _accuracy(variables, split):
    return float((predicted(variables, split.data) == split.label).mean())


def values(found, labels: int, name: str) -> list[float]:
    """Return an accuracy of each seed, or nan where the GAN diverged.

    Args:
      found: the results of one data set.
      labels: one of ``LABELS``.
      name: one of ``RECIPES``, or ``'requested'``: the share of generated images with
        the requested class, by the classifier of all labels.
    """
    rows = [row for row in found["runs"] if row["labels"] == labels]
    return [row.get(name, float("nan")) for row in rows]


def gain(found, labels: int, first: str, second: str) -> Estimate:
    """Return an estimate of the accuracy with the recipe ``second`` minus the accuracy
    with ``first``. Each difference is between two classifiers of the same seed."""
    a, b = (values(found, labels, name) for name in (first, second))
    return estimate(np.subtract(b, a))


def _half_widths(found):
    every = [gain(found, labels, *pair) for labels in LABELS for pair in ADDED]
    return [(e.high - e.low) / 2 for e in every]


FEW, MANY = LABELS[0], LABELS[-1]
CLAIMS = tuple(
    claim
    for data, least in (("mnist", 0.95), ("fashion_mnist", 0.8))
    for claim in (
        Claim(
            f"{data}: calibration: test accuracy of the classifier of all labels",
            lambda r, data=data: r[data]["reference"],
            at_least(least),
        ),
        Claim(
            f"{data}: generated images that have the requested class, with {MANY} "
            "labels of each class, mean",
            lambda r, data=data: estimate(values(r[data], MANY, "requested")).mean,
            at_least(0.8),
        ),
        Claim(
            f"{data}: calibration: what classic augmentation adds to the accuracy of "
            f"{FEW} labels of each class, lower end of the 95 % interval",
            lambda r, data=data: gain(r[data], FEW, "real", "classic").low,
            at_least(0.0),
            published="more",
        ),
        *(
            Claim(
                f"{data}: what generated images add to {first} images, {FEW} labels of "
                "each class, lower end of the 95 % interval",
                lambda r, data=data, pair=(first, second): (
                    gain(r[data], FEW, *pair).low
                ),
                at_least(0.0),
                published="more",
            )
            for first, second in ADDED
        ),
        Claim(
            f"{data}: half width of the 95 % interval of what generated images add, "
            "for each number of labels, to real and to classic images",
            lambda r, data=data: _half_widths(r[data]),
            at_most(0.02),
        ),
    )
)


def figure(results):
    drawn, axes = panels(len(DATA), 3, width=2.6, height=2.2)
    places = [f"{labels}" for labels in LABELS]
    for (data, found), row in zip(results.items(), axes, strict=True):
        accuracy, gains, picture = row
        for name, colour in zip(RECIPES, COLOURS, strict=False):
            means = [estimate(values(found, n, name)) for n in LABELS]
            _draw(accuracy, places, means, colour, name)
        accuracy.set(title=data, xlabel="labels of each class", ylabel="test accuracy")
        for i, (pair, colour) in enumerate(zip(ADDED, COLOURS, strict=False)):
            means = [gain(found, n, *pair) for n in LABELS]
            moved = [place + 0.1 * i for place in range(len(LABELS))]
            _draw(gains, moved, means, colour, f"to {pair[0]} images", fmt="o")
        gains.axhline(0, color="#333333", linewidth=0.6)
        gains.set_xticks(range(len(LABELS)), places)
        gains.set(title="added by generated images", xlabel="labels of each class")
        picture.set_axis_off()
        picture.set_title(f"generated, {' / '.join(places)} labels")
        made = [found["pictures"].get(place) for place in places]
        picture.imshow(_grid([x for x in made if x]), cmap="gray", vmin=-1, vmax=1)
    # Below the panels: inside one the legend would cover lines.
    for axis in axes[-1, :2]:
        axis.legend(loc="upper left", bbox_to_anchor=(0, -0.3))
    return drawn


def _draw(axis, places, means, colour, label, fmt="o-"):
    ends = np.transpose([(e.mean - e.low, e.high - e.mean) for e in means])
    axis.errorbar(
        places, [e.mean for e in means], ends, fmt=fmt, ms=3, color=colour, label=label
    )


def _grid(sets):
    """Return a picture: for each set of images ``[n, H, W]``, two rows of ten."""
    rows = []
    for images in sets:
        wide = np.pad(images, ((0, 0), (1, 1), (1, 1)), constant_values=1)
        rows += [np.concatenate(wide[i : i + 10], axis=1) for i in (0, 10)]
        rows.append(np.ones((4, rows[-1].shape[1])))
    return np.concatenate(rows[:-1])
