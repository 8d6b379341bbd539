"""R3GAN: the loss and its ablations on 25 Gaussians (Huang et al. 2024, appendix E).

The paper's figure shows which variants of the loss cover all modes. We train each
variant and count modes and samples within 3σ.
"""

from ganjax.space import seeds

from ..claims import Claim, at_least, at_most, exactly
from ..figures import COLOURS, draw_courses, panels
from ..points import POPULATIONS, both, of_points
from ..trials import last, lead, trained

GAMMA = 0.1
# scale -> (seeds, steps)
SCALES = {"quick": (3, 10_000), "paper": (5, 100_000)}
_R1, _R2 = {"regularizers.r1.weight": GAMMA}, {"regularizers.r2.weight": GAMMA}
_PAIRED, _SEPARABLE = (
    {"loss.name": n} for n in ("relativistic_pairing", "non_saturating")
)
VARIANTS = {
    "RpGAN + R1 + R2": {**_PAIRED, **_R1, **_R2},
    "RpGAN + R1": {**_PAIRED, **_R1},
    "RpGAN": _PAIRED,
    "GAN + R1 + R2": {**_SEPARABLE, **_R1, **_R2},
    "GAN + R1": {**_SEPARABLE, **_R1},
    "GAN": _SEPARABLE,
    "RpGAN + R1 + R2, every 8th step": {
        **_PAIRED,
        **_R1,
        **_R2,
        "regularizers.r1.interval": 8,
        "regularizers.r2.interval": 8,
    },
}


def run(scale, seed, out):
    count, steps = SCALES[scale]
    space = [
        {**fields, **point}
        for fields in VARIANTS.values()
        for point in seeds(count, seed)
    ]
    trials = trained(
        _config(steps), space, out / "sweep", population=POPULATIONS[scale]
    )
    names = [name for name in VARIANTS for _ in range(count)]
    return {
        "trials": [
            {"variant": name, **trial.row}
            for name, trial in zip(names, trials, strict=True)
        ]
    }


def _config(steps):
    return of_points(
        "grid25",
        steps=steps,
        snapshots=10,
        batch_size=128,
        latents={"name": "normal", "size": 2},
        networks=both(widths=(128, 128, 128)),
        optimizers=both(learning_rate=1e-3, b1=0.0, b2=0.99),
        ema={"decay": 0.999},
    )


def _of(results, variant):
    return [row for row in results["trials"] if row["variant"] == variant]


WHOLE, LAZY = "RpGAN + R1 + R2", "RpGAN + R1 + R2, every 8th step"

CLAIMS = (
    Claim(
        "RpGAN + R1 + R2 finds all 25 modes on every seed",
        lambda r: last(_of(r, WHOLE), "modes"),
        exactly(25),
        published=25,
    ),
    Claim(
        "its samples within 3σ, on every seed",
        lambda r: last(_of(r, WHOLE), "high_quality"),
        at_least(0.7),
    ),
    Claim(
        "quick: without a penalty, modes that RpGAN finds beyond the GAN, on average",
        lambda r: lead(_of(r, "RpGAN"), _of(r, "GAN"), "modes"),
        at_least(0.3),
        scale="quick",
    ),
    Claim(
        "quick, against the paper: RpGAN without a penalty, and the whole regularised "
        "every 8th step, find all 25 modes as well, on every seed",
        lambda r: [n for name in ("RpGAN", LAZY) for n in last(_of(r, name), "modes")],
        exactly(25),
        published="unstable; fails completely",
        scale="quick",
    ),
    Claim(
        "without a penalty RpGAN does worse: modes found with at most this share of "
        "samples within 3σ, on every seed",
        lambda r: last(_of(r, "RpGAN"), "high_quality"),
        at_most(0.8),
        published="unstable",
        scale="paper",
    ),
    Claim(
        "regularised every 8th step it fails: modes found, on every seed",
        lambda r: last(_of(r, LAZY), "modes"),
        at_most(20),
        published="fails completely",
        scale="paper",
    ),
)


def figure(results):
    drawn, axes = panels(1, 2, width=3.2, height=2.5)
    for axis, name in ((axes[0, 0], "modes"), (axes[0, 1], "high_quality")):
        for variant, colour in zip(VARIANTS, COLOURS, strict=False):
            rows = _of(results, variant)
            draw_courses(axis, rows, name, label=variant, color=colour, linewidth=0.9)
        axis.set(xlabel="step", title=name.replace("_", " "))
    axes[0, 1].legend(loc="lower right", fontsize=5.5)
    return drawn
