"""Are GANs created equal: Fashion-MNIST by loss (Lucic et al. 2018, Table 2).

The paper gives the FID of each loss. We train with six losses and compare the order of
the Fréchet distances with the published order.
"""

import numpy as np
from ml_collections import ConfigDict
from scipy import stats

from ganjax.space import seeds

from ..claims import Claim, at_least, exactly
from ..figures import COLOURS, panels
from ..trials import distance, trained

# FID with Inception features: (mean, standard deviation). Our features are different,
# so only the order can be compared.
PUBLISHED = {
    "MM": (29.6, 1.6),
    "NS": (26.5, 1.6),
    "LSGAN": (30.7, 2.2),
    "WGAN": (21.5, 1.6),
    "WGAN-GP": (24.5, 2.1),
    "DRAGAN": (27.7, 1.2),
}
EXTRACTOR = "small_cnn_fashion_mnist"
# scale -> (seeds, steps, width of the networks, factor on the paper's learning rates,
# samples for a score)
SCALES = {
    "quick": (2, 800, 8, 8.0, 2000),
    "paper": (5, 18_750, 64, 1.0, 10_000),
}


def _variant(loss, rate, b1=0.5, critic_steps=1, **more):
    return {
        "loss.name": loss,
        "optimizers.discriminator.learning_rate": rate,
        "optimizers.generator.learning_rate": rate,
        "optimizers.discriminator.b1": b1,
        "optimizers.generator.b1": b1,
        "optimizers.discriminator.updates_per_step": critic_steps,
        **more,
    }


# The paper's default settings.
VARIANTS = {
    "MM": _variant("minimax", 5e-5, 0.0),
    "NS": _variant("non_saturating", 5e-5, 0.0),
    "LSGAN": _variant("least_squares", 2e-4),
    "WGAN": _variant(
        "wasserstein", 5e-5, critic_steps=5, **{"optimizers.discriminator.clip": 0.01}
    ),
    "WGAN-GP": _variant(
        "wasserstein",
        1e-4,
        critic_steps=5,
        **{
            "regularizers.wgan_gp.weight": 10.0,
            "networks.discriminator.normalization": "none",
        },
    ),
    "DRAGAN": _variant(
        "non_saturating",
        1e-4,
        **{
            "regularizers.dragan.weight": 10.0,
            "networks.discriminator.normalization": "none",
        },
    ),
}
_RATES = tuple(
    f"optimizers.{name}.learning_rate" for name in ("discriminator", "generator")
)


def run(scale, seed, out):
    count, steps, width, factor, samples = SCALES[scale]
    space = [
        {**fields, **{rate: factor * fields[rate] for rate in _RATES}, **point}
        for fields in VARIANTS.values()
        for point in seeds(count, seed)
    ]
    trials = trained(_config(steps, width, samples), space, out / "sweep")
    names = [name for name in VARIANTS for _ in range(count)]
    rows = [
        {"variant": name, **trial.row}
        for name, trial in zip(names, trials, strict=True)
    ]
    return {
        "trials": rows,
        "wanted": len(space),
        "correlation": _correlation(rows),
    }


def _config(steps, width, samples):
    config = ConfigDict()
    config.steps = steps
    config.batch_size = 64
    config.data = {"name": "fashion_mnist"}
    config.latents = {"name": "uniform", "size": 64}
    config.networks = {
        name: {"name": "dcgan", "width": width, "normalization": "batch"}
        for name in ("generator", "discriminator")
    }
    config.samples = {"every": 0, "count": 64}
    config.evaluation = {
        "names": ("frechet",),
        "samples": samples,
        "real": 10_000,
        "extractor": EXTRACTOR,
    }
    config.checkpoint = {"every": steps}
    return config


def _distances(rows, variant):
    """Return the last Fréchet distance of each run of a loss."""
    return np.array([distance(row) for row in rows if row["variant"] == variant])


def _correlation(rows):
    """Return Spearman's rank correlation of our mean distances and the published ones.

    The 95 % interval is a bootstrap over seeds.
    """
    published = [PUBLISHED[name][0] for name in VARIANTS]
    own = [_distances(rows, name) for name in VARIANTS]
    rng = np.random.default_rng(0)

    def ranked(values):
        return float(stats.spearmanr(values, published).statistic)

    drawn = [
        ranked([rng.choice(values, len(values)).mean() for values in own])
        for _ in range(2000)
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    mean = ranked([values.mean() for values in own])
    return {"mean": mean, "low": float(low), "high": float(high)}


CLAIMS = (
    Claim(
        "quick: runs that are counted, of those that were wanted",
        lambda r: len(r["trials"]) / r["wanted"],
        exactly(1.0),
        scale="quick",
    ),
    Claim(
        "quick: runs that finished",
        lambda r: sum(row["state"] == "finished" for row in r["trials"]),
        exactly(len(VARIANTS) * SCALES["quick"][0]),
        scale="quick",
    ),
    Claim(
        "quick: mean distance of the saturating loss, divided by the mean distance of "
        "the non-saturating loss",
        lambda r: float(
            np.mean(_distances(r["trials"], "MM"))
            / np.mean(_distances(r["trials"], "NS"))
        ),
        at_least(1.5),
        published=round(PUBLISHED["MM"][0] / PUBLISHED["NS"][0], 2),
        scale="quick",
    ),
    Claim(
        "lower end of the 95 % interval of the rank correlation with the published "
        "table",
        lambda r: r["correlation"]["low"],
        at_least(0.0),
        published=1,
        scale="paper",
    ),
)


def figure(results):
    drawn, axes = panels(1, 1, width=4.2, height=2.6)
    axis = axes[0, 0]
    for name, colour in zip(VARIANTS, COLOURS, strict=False):
        values = _distances(results["trials"], name)
        mean, error = PUBLISHED[name]
        style = {"fmt": "o", "color": colour, "label": name}
        axis.errorbar(mean, values.mean(), xerr=error, **style)
        axis.plot([mean] * len(values), values, ".", color=colour, alpha=0.6)
    drawn.legend(loc="outside right center")
    found = results["correlation"]
    axis.set(
        xlabel="published FID",
        ylabel="Fréchet distance, our features",
        yscale="log",
        title=f"rank correlation {found['mean']:.2f} "
        f"[{found['low']:.2f}, {found['high']:.2f}]",
    )
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_formatter("{x:g}")
    return drawn
