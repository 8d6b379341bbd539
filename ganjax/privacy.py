"""The privacy that a finished run has spent, from the numbers that it logged.

ε and δ bound how much the distribution of the networks changes if one example is
replaced by an empty one (differential privacy; Dwork & Roth 2014, definition 2.4). They
are computed by dp-accounting (Google), from its privacy loss distributions.
"""

import dataclasses
import json
import math
from typing import Any

from ganjax.data.poisson import capacity
from ganjax.errors import BadInput, one_line
from ganjax.loading import Run
from ganjax.schedules import matched
from ganjax.training.history import read_history

# Knobs on which a guarantee depends.
NOISE = ("options.noise", "options.clip", "options.vote_rate")
# Sections of the config that must be the same at every start of the run.
SAME = ("game", "batch_size", "data", "options", "optimizers")
INSTALL = 'expected dp-accounting; install it by pip install "ganjax[privacy]"'


@dataclasses.dataclass(frozen=True)
class Spent:
    """The guarantee of a run.

    Attributes:
      epsilon, delta: the guarantee.
      about: the numbers that it follows from, by name.
    """

    epsilon: float
    delta: float
    about: dict[str, float]


def spent(run: Run) -> Spent:
    """Return the guarantee of the newest checkpoint of a private run.

    The numbers are those that the run logged: the largest sampling rate and the
    smallest noise of all rows up to the checkpoint.

    Raises:
      BadInput: the game is not private, no row was logged, dp-accounting is missing, or
        the noise, the batches or the data have changed during the run.
    """
    _check_counted(run)
    steps = int(run.state.step)
    rows = [row for row in run.metrics if row["step"] <= steps]
    delta = run.config.get("options", {}).get("delta")
    if run.config.game == "private_gan":
        turns = run.config.optimizers.discriminator.updates_per_step
        rate = _logged(rows, "discriminator/rate", max)
        noise = _logged(rows, "discriminator/noise", min)
        examples = round(run.config.batch_size / rate)
        tail = overflow(run.config.batch_size, examples) * steps * turns
        about = {
            "rate": rate, "noise": noise, "steps": steps * turns,
            "probability of a full array": tail,
        }  # fmt: skip
        # A full array adds (1 + exp(ε)) times its probability to δ.
        spare = delta / 1000
        epsilon = gaussian_epsilon(rate, noise, steps * turns, delta - spare)
        if math.isfinite(epsilon) and tail * (1 + math.exp(min(epsilon, 700))) > spare:
            raise BadInput(
                f"options.delta={delta}: expected at least 1,000 times "
                f"(1 + exp(epsilon)) times {tail:.3g}, the probability of a full array"
            )
        return Spent(epsilon, delta, about)
    if run.config.game == "pate_gan":
        turns = run.config.optimizers.discriminator.updates_per_step
        labels = _logged(rows, "discriminator/labels", max)
        rate = _logged(rows, "discriminator/vote_rate", max)
        queries = round(labels) * steps * turns
        about = {"labels": queries, "vote_rate": rate}
        return Spent(vote_epsilon(rate, queries, delta), delta, about)
    raise BadInput(
        f"workdir={run.path}: expected a run of game='private_gan' or game='pate_gan', "
        f"not game='{run.config.game}'"
    )


def _check_counted(run: Run) -> None:
    """Raise ``BadInput`` if numbers of the newest config have changed during the run.
    The games' rule refuses what else the accountant does not count."""
    config = run.config
    for label, section in config.schedules.items():
        if moved := matched(section["knobs"], NOISE):
            raise BadInput(f"schedules.{label}: expected a constant {moved[0]}")
    now = json.loads(json.dumps(config.to_dict()))  # as the history holds it
    for start in read_history(run.path / "history.jsonl"):
        for field in SAME:
            if (before := start.get("config", now)).get(field) != now[field]:
                raise BadInput(
                    f"{field}: expected no change since step 0, but it was "
                    f"{one_line(repr(before.get(field)), 60)} at step {start['step']}"
                )


def _logged(rows, name, least):
    found = [row[name] for row in rows if name in row]
    if not found:
        raise BadInput(f"metrics.jsonl: expected rows with {name}")
    return float(least(found))


def gaussian_epsilon(rate: float, noise: float, steps: int, delta: float) -> float:
    """Return ε of ``steps`` sums of clipped gradients with Gaussian noise, over Poisson
    batches (Abadi et al. 2016, arXiv 1607.00133), for adding or removing one example.

    Args:
      rate: the probability of an example to be in a batch.
      noise: the standard deviation of the noise, over the largest norm; 0 gives ∞.
      delta: δ of the guarantee.

    Raises:
      BadInput: dp-accounting is not installed.
    """
    dp = _accounting()
    if noise == 0 or not steps:
        return math.inf if steps else 0.0
    event = dp.GaussianDpEvent(noise)
    if rate < 1:
        event = dp.PoissonSampledDpEvent(rate, event)
    return _epsilon(dp, dp.SelfComposedDpEvent(event, steps), delta)


def vote_epsilon(vote_rate: float, labels: int, delta: float) -> float:
    """Return ε of ``labels`` noisy counts of votes with Laplace noise of the scale
    1 / ``vote_rate``, for any data. One example changes one vote, so a count by 1.

    Raises:
      BadInput: dp-accounting is not installed.
    """
    dp = _accounting()
    if not labels:
        return 0.0
    event = dp.SelfComposedDpEvent(dp.LaplaceDpEvent(1 / vote_rate), labels)
    return _epsilon(dp, event, delta)


def overflow(batch_size: int, examples: int) -> float:
    """Return the probability that a Poisson batch has more examples than its array can
    hold (`data/poisson.py`), so that some are left out."""
    from scipy.stats import binom

    most = capacity(batch_size, examples)
    return float(binom.sf(most, examples, min(1.0, batch_size / examples)))


def _epsilon(dp: Any, event: Any, delta: float) -> float:
    from dp_accounting.pld import PLDAccountant

    return float(PLDAccountant().compose(event).get_epsilon(delta))


def _accounting():
    try:
        import dp_accounting
    except ImportError as error:
        raise BadInput(f"privacy: {INSTALL}") from error
    return dp_accounting
