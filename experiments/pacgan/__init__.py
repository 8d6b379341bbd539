"""PacGAN: packed discriminators find more modes (Lin et al. 2018, Table 1).

The discriminator sees 1 to 4 samples together. We count modes, samples within 3σ and
reverse KL on a ring and on a grid of Gaussians.
"""

import numpy as np

from ganjax.space import product, seeds, together

from ..claims import Claim, at_least, at_most, near
from ..figures import COLOURS, panels
from ..points import POPULATIONS, both, of_points
from ..trials import chosen, last, lead, trained

PACKINGS = (1, 2, 3, 4)
DATA = {"ring": "ring8_pacgan", "grid": "grid25"}
# Maxout keeps one of five pieces, so a width of 1000 here is 200 units in the paper.
SCALES = {
    "quick": {
        "seeds": 4,
        "steps": 4000,
        "packs": 48,
        "generator": {"widths": (128,) * 3},
        "discriminator": {"widths": (320,) * 3},
        "adam": {"learning_rate": 1e-3, "b1": 0.5, "b2": 0.999},
    },
    "paper": {
        "seeds": 10,
        "steps": 400_000,
        "packs": 100,
        "generator": {"widths": (400,) * 4, "weight_std": 0.02},
        "discriminator": {"widths": (1000,) * 3, "weight_std": 0.02},
        "adam": {"learning_rate": 1e-4, "b1": 0.8, "b2": 0.999},
    },
}
# (mean, standard error) over the paper's 10 trials, for packing 1 to 4.
PUBLISHED = {
    "ring": {
        "modes": ((6.3, 0.5), (7.9, 0.1), (7.8, 0.1), (7.8, 0.1)),
        "high_quality": ((0.982, 0.002), (0.956, 0.02), (0.977, 0.003), (0.959, 0.014)),
        "reverse_kl": ((0.45, 0.09), (0.07, 0.03), (0.10, 0.02), (0.07, 0.02)),
    },
    "grid": {
        "modes": ((17.3, 0.8), (23.8, 0.7), (24.6, 0.4), (24.8, 0.2)),
        "high_quality": (
            (0.948, 0.007), (0.913, 0.008), (0.942, 0.004), (0.936, 0.006),
        ),
        "reverse_kl": ((0.70, 0.07), (0.13, 0.04), (0.06, 0.02), (0.04, 0.01)),
    },
}  # fmt: skip


def run(scale, seed, out):
    protocol = SCALES[scale]
    packs = protocol["packs"]
    packed = {"packing": PACKINGS, "batch_size": [packs * n for n in PACKINGS]}
    rows = {}
    for name, data in DATA.items():
        trials = trained(
            _config(data, protocol),
            product(together(packed), seeds(protocol["seeds"], seed)),
            out / name,
            population=POPULATIONS[scale],
        )
        rows[name] = [trial.row for trial in trials]
    return rows


def _config(data, protocol):
    return of_points(
        data,
        steps=protocol["steps"],
        snapshots=8,
        latents={"name": "normal", "size": 2},
        networks={
            "generator": {"normalization": "batch", **protocol["generator"]},
            "discriminator": {"activation": "maxout", **protocol["discriminator"]},
        },
        optimizers=both(**protocol["adam"]),
    )


def _mean(results, data, packing, name):
    return float(np.mean(last(chosen(results[data], packing=packing), name)))


def _packed_less_alone(data, name):
    """Return a function: the scores of packing 2, 3 and 4, each minus packing 1."""

    def measured(results):
        alone, *packed = (chosen(results[data], packing=n) for n in PACKINGS)
        return [lead(rows, alone, name) for rows in packed]

    return measured


def _published_gains(data, name):
    alone, *packed = (mean for mean, _ in PUBLISHED[data][name])
    return [round(mean - alone, 2) for mean in packed]


CLAIMS = (
    Claim(
        "quick: modes of the grid with packing 2, 3 and 4 minus modes with packing 1, "
        "mean over seeds",
        _packed_less_alone("grid", "modes"),
        at_least(2.0),
        published=_published_gains("grid", "modes"),
        scale="quick",
    ),
    Claim(
        "quick: reverse KL on the grid with packing 2, 3 and 4 minus reverse KL with "
        "packing 1, nats",
        _packed_less_alone("grid", "reverse_kl"),
        at_most(-0.2),
        published=_published_gains("grid", "reverse_kl"),
        scale="quick",
    ),
    *(
        Claim(
            f"modes of the {data} with packing 2, 3 and 4 minus modes with packing 1",
            _packed_less_alone(data, "modes"),
            at_least(1.0),
            published=_published_gains(data, "modes"),
            scale="paper",
        )
        for data in DATA
    ),
    *(
        Claim(
            f"{data}, packing {packing}: {name} within three published standard errors "
            f"and as many of ours",
            lambda r, data=data, packing=packing, name=name: _mean(
                r, data, packing, name
            ),
            near(mean, absolute=3 * np.sqrt(2) * error),
            published=mean,
            scale="paper",
        )
        for data, table in PUBLISHED.items()
        for name, row in table.items()
        for packing, (mean, error) in zip(PACKINGS, row, strict=True)
    ),
)


def figure(results):
    names = ("modes", "high_quality", "reverse_kl")
    drawn, axes = panels(len(DATA), len(names), width=2.3, height=1.8)
    for row, data in enumerate(DATA):
        for column, name in enumerate(names):
            axis = axes[row, column]
            for packing in PACKINGS:
                values = last(chosen(results[data], packing=packing), name)
                axis.plot(
                    [packing] * len(values), values, ".", color=COLOURS[0], alpha=0.5
                )
                axis.plot(packing, np.mean(values), "o", color=COLOURS[0])
            means, errors = np.array(PUBLISHED[data][name]).T
            axis.errorbar(
                np.array(PACKINGS) + 0.15,
                means,
                errors,
                fmt="s",
                markersize=3,
                color=COLOURS[1],
                label="published",
            )
            axis.set_xticks(PACKINGS)
            axis.set(title=f"{data}: {name.replace('_', ' ')}", xlabel="packing")
    axes[0, 0].legend()
    return drawn
