"""Feature likelihood divergence (FLD): fidelity, diversity and novelty in one number.

Jiralerspong et al. 2023 (arXiv 2302.04440), section 3. The density of the generator is
modelled by one isotropic Gaussian around each generated sample. The variances of the
Gaussians maximise the likelihood of the training samples, and the score is based on the
likelihood of the held-out samples. A generated sample that copies a training sample
gets a variance near 0, and this lowers the likelihood of held-out samples.

The steps and constants are from the authors' code (github.com/marcojira/fld at
ffbbf20). Features are first scaled so that the held-out samples have mean 0 and
standard deviation 1. Adam with the rate 0.5 makes at most 50 passes over the training
samples, in batches of 10,000. From the seventh pass on, it ends when the four losses
before the newest differ from the newest by less than 5e-4. During the fit, one more
Gaussian at the training mean keeps every likelihood above 0.
"""

import numpy as np
from scipy.special import logsumexp

from ganjax.errors import Uncomputable
from ganjax.metrics.arrays import as_points

PASSES = 50
RATE = 0.5
BATCH = 10_000
MOST_CENTRES = 10_000
# The squared distances to the training mean count less by this factor.
_ORIGIN = 0.9**2
_LIMITS = -40, 40  # of the logarithms of variances
# The fit ends after the seventh pass or later, if no loss of the last five differs
# from the newest by more.
_FEWEST, _ALIKE, _STILL = 7, 5, 5e-4
_TILE = 512


def likelihood_divergence(train, held_out, fake, *, seed: int = 0) -> dict[str, float]:
    """Return the feature likelihood divergence and the generalisation gap.

    The loss of a set of samples is its mean negative log-likelihood for each feature,
    in nats, under Gaussians around the fakes.

    Args:
      train: features ``[N, D]``, N at least 4.
      held_out: features ``[L, D]``, L at least 2.
      fake: features ``[M, D]``. If M is above 10,000, a random 10,000 of them are used.
      seed: seed of this choice, of the order of the training samples, and of the halves
        of the baseline.

    Returns:
      ``fld``: 100 · (loss of the held-out samples − baseline). The baseline is the
      same loss, but with one half of the training samples in place of the fakes, and
      variances fitted to the other half. Lower is better. A generator as good as the
      training samples has about 0.
      ``fld_gap``: 100 · (loss of the training samples − loss of the held-out samples).
      A value far below 0 means copies.

    Raises:
      Uncomputable: shapes do not fit, a value is not finite, there are too few samples,
        or a feature is constant over the held-out samples.
    """
    train, held_out, fake = as_points(train=train, held_out=held_out, fake=fake)
    if len(train) < 4 or len(held_out) < 2:
        raise Uncomputable(
            f"{len(train)} training and {len(held_out)} held-out samples: expected at "
            f"least 4 and 2"
        )
    mean, std = held_out.mean(axis=0), held_out.std(axis=0, ddof=1)
    if not std.all():
        raise Uncomputable(
            f"feature {int(np.argmin(std))} is constant over the held-out samples"
        )
    train, held_out, fake = (
        (x.astype(np.float64) - mean) / std for x in (train, held_out, fake)
    )
    rng = np.random.default_rng(seed)
    if len(fake) > MOST_CENTRES:
        fake = fake[rng.choice(len(fake), MOST_CENTRES, replace=False)]
    ours, of_train = mixture_loss(fake, train, held_out, train, rng=rng)
    order = rng.permutation(len(train))
    half = min(len(fake), len(train) // 2)
    centres, others = train[order[:half]], train[order[half:]]
    (baseline,) = mixture_loss(centres, others, held_out, rng=rng)
    return {"fld": 100 * (ours - baseline), "fld_gap": 100 * (of_train - ours)}


def mixture_loss(centres, fitted_to, *sets, rng: np.random.Generator) -> list[float]:
    """Return the mean negative log-likelihood of each set under a mixture of Gaussians,
    divided by the number D of features.

    Args:
      centres: ``[M, D]``, the means of the Gaussians, which have equal weights.
      fitted_to: ``[N, D]``; the variances maximise the likelihood of these samples.
      sets: arrays ``[n, D]``, the sets to score.
      rng: shuffles ``fitted_to``. The order matters only if N is above 10,000, where
        the fit uses several batches.
    """
    fitted_to = rng.permutation(fitted_to)
    logs = _fitted(centres, fitted_to)
    width, found = centres.shape[1], []
    for x in sets:
        loss = 0.0
        for first in range(0, len(x), _TILE):
            distances = _squared(x[first : first + _TILE], centres)
            loss -= logsumexp(_log_densities(distances, logs, width), axis=1).sum()
        found.append(float((loss / len(x) + np.log(len(centres))) / width))
    return found


def _fitted(centres, x):
    """Return the logarithms of the variances ``[M]``, by Adam."""
    width, count = centres.shape[1], len(centres)
    distances = np.empty((len(x), count), np.float32 if len(x) > 4000 else np.float64)
    for first in range(0, len(x), _TILE):
        distances[first : first + _TILE] = _squared(x[first : first + _TILE], centres)
    origin = _ORIGIN * np.square(x - x.mean(axis=0)).sum(axis=1)
    nearest = distances.min(axis=0).astype(np.float64)
    # The last one is the Gaussian at the mean of x.
    logs = np.append(np.log((nearest + 1e-3) / width), 0.0)
    first_moment, second_moment, step = np.zeros(count + 1), np.zeros(count + 1), 0
    losses: list[float] = []
    while len(losses) < PASSES:
        batches = []
        for start in range(0, len(x), BATCH):
            rows = slice(start, start + BATCH)
            loss, slope = _loss_and_slope(distances[rows], origin[rows], logs, width)
            batches.append(loss)
            step += 1
            first_moment = 0.9 * first_moment + 0.1 * slope
            second_moment = 0.999 * second_moment + 0.001 * slope**2
            mean = first_moment / (1 - 0.9**step)
            square = second_moment / (1 - 0.999**step)
            logs -= RATE * mean / (np.sqrt(square) + 1e-8)
            logs[:-1] = np.clip(logs[:-1], *_LIMITS)
        losses.append(float(np.mean(batches)))
        recent = np.abs(np.array(losses[-_ALIKE:]) - losses[-1])
        if len(losses) >= _FEWEST and recent.max() < _STILL:
            break
    return logs[:-1]


def _loss_and_slope(distances, origin, logs, width):
    """Return the mean negative log-likelihood over D, and its gradient."""
    loss, slope = 0.0, np.zeros(len(logs))
    for first in range(0, len(distances), _TILE):
        rows = slice(first, first + _TILE)
        squared = np.column_stack([distances[rows], origin[rows]])
        scores = _log_densities(squared, logs, width)
        # All M centres have the weight 1/M, and the mean has the weight 1.
        scores[:, :-1] -= np.log(len(logs) - 1)
        total = logsumexp(scores, axis=1, keepdims=True)
        loss -= total.sum()
        shares = np.exp(scores - total)
        slope += (shares * (width / 2 - squared / (2 * np.exp(logs)))).sum(axis=0)
    size = len(distances) * width
    return loss / size, slope / size


def _log_densities(squared, logs, width):
    """Return the logarithms of the densities ``[n, M]`` of M Gaussians."""
    return -squared / (2 * np.exp(logs)) - width / 2 * (logs + np.log(2 * np.pi))


def _squared(x, centres):
    products = x @ centres.T
    lengths = np.square(x).sum(axis=1)[:, None] + np.square(centres).sum(axis=1)
    return np.maximum(lengths - 2 * products, 0)
