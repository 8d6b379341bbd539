"""Memorisation: a GAN of few images copies them, a GAN of many does not.

GANs are trained on 50 to all 1,297 digits. We count copies of training images among
their samples, and attack the membership of training images.
"""

import numpy as np
from ml_collections import ConfigDict

import ganjax
from ganjax.data import in_memory, scaled, some_of
from ganjax.metrics import (
    authenticity,
    density_coverage,
    memorisation,
    nearest,
    two_sample_test,
)
from ganjax.report.statistics import Estimate, estimate
from ganjax.space import product, seeds

from ..claims import Claim, at_least, at_most
from ..figures import COLOURS, panels
from ..trials import trained

# Numbers of training digits; 0 for all 1,297.
SIZES = (50, 150, 450, 0)
SEEDS = 5
STEPS = 8000
SAMPLES = 1000
COVERED = 5  # the neighbour that bounds the ball of a held-out digit
SHOWN = 12


def run(scale, seed, out):
    # The data of a run depend on its seed, so an interval covers the choice of digits.
    chosen = [{**point, "data.subset": point["seed"]} for point in seeds(SEEDS, seed)]
    space = product([{"data.limit": size} for size in SIZES], chosen)
    rows, pictures = [], {}
    # Every trial has other data, so none share a program.
    for trial in trained(_config(), space, out / "sweep", population="map"):
        size = int(trial.point["data.limit"])
        row = {"images": size, "seed": int(trial.point["seed"]), "state": trial.state}
        if trial.state == "finished":
            found = ganjax.load(trial.path)
            fake, train, held_out = _sets(found)
            row |= scores(fake, train, held_out) | _attack(found.model, train, held_out)
            if str(size) not in pictures:
                pictures[str(size)] = _shown(fake, train)
        rows.append(row)
    return {"runs": rows, "pictures": pictures}


def _config():
    config = ConfigDict()
    config.steps = STEPS
    config.batch_size = 64
    config.data = {"name": "digits"}
    config.latents = {"name": "normal", "size": 32}
    config.networks = {
        name: {"name": "mlp", "widths": (128, 128)}
        for name in ("generator", "discriminator")
    }
    config.regularizers = {"r1": {"weight": 0.1}}
    config.optimizers = {
        name: {"learning_rate": 1.5e-3} for name in ("generator", "discriminator")
    }
    config.samples = {"every": 0}
    config.checkpoint = {"every": STEPS}
    config.parallel = {"inner_steps": 100}
    return config


def _sets(run):
    """Return generated, training and held-out digits ``[n, 8, 8, 1]`` of a run."""
    limit, subset = run.config.data.limit, run.config.data.subset
    source = run.source
    train = some_of(source, limit, subset) if limit else in_memory(source.train)
    held_out = in_memory(source.test)
    real = (np.asarray(scaled(split.data)) for split in (train, held_out))
    return run.sample(0, SAMPLES), *real


def _flat(images):
    return images.reshape(len(images), -1)


def scores(fake, train, held_out) -> dict[str, float]:
    """Return the scores of copies of a set of samples. Distances are between pixels.

    Args:
      fake, train, held_out: generated, training and held-out images ``[n, …]``.

    Returns:
      ``copied``, ``copied_floor`` and ``copying_z`` of ``memorisation``;
      ``authenticity``, and ``authenticity_floor`` of the held-out images; ``coverage``
      of the held-out images by the samples; ``membership``: the probability that a
      training image is nearer to its nearest sample than a held-out image is (Chen et
      al. 2020, arXiv 1909.03935, the attack without access to the model).
    """
    fake, train, held_out = map(_flat, (fake, train, held_out))
    inside, outside = (-nearest(x, fake, 1)[0][:, 0] for x in (train, held_out))
    return {
        **memorisation(fake, train, held_out),
        "authenticity": authenticity(train, fake),
        "authenticity_floor": authenticity(train, held_out),
        "coverage": density_coverage(held_out, fake, k=COVERED)["coverage"],
        "membership": two_sample_test(inside, outside)["auroc"],
    }


def _attack(model, train, held_out):
    """Return the probability that the critic scores a training image above a held-out
    image (Hayes et al. 2019, arXiv 1705.07663, the attack with the model)."""
    inside, outside = model.score(train), model.score(held_out)
    return {"membership_critic": two_sample_test(inside, outside)["auroc"]}


def _shown(fake, train):
    """Return the first samples, and the nearest training image of each, as lists of
    numbers in [-1, 1], ``[n, H, W]``."""
    fake = fake[:SHOWN]
    index = nearest(_flat(fake), _flat(train), 1)[1][:, 0]
    return {
        name: np.round(x[..., 0].astype(float), 2).tolist()
        for name, x in (("samples", fake), ("nearest", train[index]))
    }


def values(results, size: int, name: str) -> list[float]:
    """Return a score of each seed, or nan where a run diverged.

    Args:
      results: the results of ``run``.
      size: one of ``SIZES``.
      name: the score.
    """
    rows = [row for row in results["runs"] if row["images"] == size]
    return [row.get(name, float("nan")) for row in rows]


def _estimate(results, size, name) -> Estimate:
    return estimate(values(results, size, name))


def _ratio(results, size) -> Estimate:
    """Return an estimate of the share of copies in parts of the held-out share."""
    copied, floor = (values(results, size, x) for x in ("copied", "copied_floor"))
    return estimate(np.divide(copied, floor))


def _less(results, size) -> Estimate:
    """Return an estimate of the authenticity minus that share of held-out digits."""
    found = (values(results, size, x) for x in ("authenticity", "authenticity_floor"))
    return estimate(np.subtract(*found))


FEW, ALL = SIZES[0], SIZES[-1]
CLAIMS = (
    Claim(
        f"trained on {FEW} digits: share of samples that are copies, lower end of the "
        "95 % interval",
        lambda r: _estimate(r, FEW, "copied").low,
        at_least(0.5),
    ),
    Claim(
        "trained on all digits: share of copies, in parts of the held-out share, upper "
        "end of the 95 % interval",
        lambda r: _ratio(r, ALL).high,
        at_most(3.0),
    ),
    Claim(
        "trained on all digits: share of held-out digits near a sample (coverage), "
        "mean; samples of noise are no copies either",
        lambda r: _estimate(r, ALL, "coverage").mean,
        at_least(0.5),
    ),
    Claim(
        "what the mean share of copies loses from each number of digits to the next",
        lambda r: (
            -np.diff([_estimate(r, size, "copied").mean for size in SIZES])
        ).tolist(),
        at_least(0.0),
    ),
    Claim(
        f"trained on {FEW} digits: authenticity minus the held-out authenticity, upper "
        "end of the 95 % interval",
        lambda r: _less(r, FEW).high,
        at_most(0.0),
    ),
    Claim(
        f"trained on {FEW} digits: AUROC of the attack by samples, lower end of the "
        "95 % interval",
        lambda r: _estimate(r, FEW, "membership").low,
        at_least(0.8),
    ),
    Claim(
        "trained on all digits: AUROC of the attack by samples, upper end of the 95 % "
        "interval",
        lambda r: _estimate(r, ALL, "membership").high,
        at_most(0.6),
    ),
    Claim(
        f"AUROC of the attack by the critic, {FEW} digits minus all digits",
        lambda r: (
            _estimate(r, FEW, "membership_critic").mean
            - _estimate(r, ALL, "membership_critic").mean
        ),
        at_least(0.1),
    ),
)


# Panel -> the scores that it shows, each with its label.
PANELS = {
    "share of copies": {"copied": "samples", "copied_floor": "held-out"},
    "authenticity": {"authenticity": "samples", "authenticity_floor": "held-out"},
    "AUROC of membership": {
        "membership": "by samples", "membership_critic": "by the critic",
    },
    "coverage of held-out digits": {"coverage": "samples"},
}  # fmt: skip


def figure(results):
    drawn, axes = panels(2, len(PANELS), width=2.2, height=2.0)
    names = [f"{size}" if size else "all" for size in SIZES]
    for axis, (title, shown) in zip(axes[0], PANELS.items(), strict=True):
        for (score, label), colour in zip(shown.items(), COLOURS, strict=False):
            found = [values(results, size, score) for size in SIZES]
            means = [estimate(x) for x in found]
            ends = np.transpose([(e.mean - e.low, e.high - e.mean) for e in means])
            axis.errorbar(
                names, [e.mean for e in means], ends, fmt="o-", ms=3, color=colour,
                label=label,
            )  # fmt: skip
        axis.set(title=title, xlabel="training digits", ylim=(-0.03, 1.03))
        axis.legend()
    for axis, size in zip(axes[1], SIZES, strict=True):
        axis.set_axis_off()
        said = f"{size} digits" if size else "all digits"
        axis.set_title(f"{said}: samples,\nbelow: nearest training digit")
        if pair := results["pictures"].get(str(size)):
            axis.imshow(_pairs(pair), cmap="gray", vmin=-1, vmax=1)
    return drawn


def _pairs(pair, columns=6):
    """Return a picture: rows of samples, and below each sample its nearest training
    image."""
    samples, near = (np.pad(pair[x], ((0, 0), (1, 1), (1, 1)), constant_values=1)
                     for x in ("samples", "nearest"))  # fmt: skip
    rows = []
    for first in range(0, len(samples), columns):
        for images in (samples, near):
            rows.append(np.concatenate(images[first : first + columns], axis=1))
        rows.append(np.ones((3, rows[-1].shape[1])))
    return np.concatenate(rows[:-1])
