"""A covering array for an ablation: a few configurations that contain every pair of
entries from different axes."""

import itertools

from ganjax.augment import AUGMENTATIONS
from ganjax.core import DYNAMICS
from ganjax.objectives import CONDITIONINGS, LOSSES, REGULARIZERS, TERMS

UNCONDITIONAL = "none"
AXES = {
    "loss": tuple(LOSSES),
    "conditioning": (UNCONDITIONAL, *CONDITIONINGS),
    "dynamics": tuple(DYNAMICS),
    "term": (*REGULARIZERS, *TERMS),
    "augmentation": (*AUGMENTATIONS, "noise", "pseudo", "adaptive"),
}
# A configuration may have several entries of these axes.
SEVERAL = {"term": 3, "augmentation": 2}


def goes(a, b) -> bool:
    """Return whether two entries ``(axis, name)`` may meet. ``ganjax.config.rules``
    refuses all other pairs."""
    pair = dict([a, b])
    if pair.get("conditioning") == "multi_hinge" and "loss" in pair:
        return pair["loss"] == "hinge"
    return True


def pairs():
    """Return all pairs of entries that must meet."""
    entries = [(axis, name) for axis, names in AXES.items() for name in names]
    return {
        frozenset((a, b))
        for a, b in itertools.combinations(entries, 2)
        if a[0] != b[0] and goes(a, b)
    }


def met(row) -> set:
    """Return the pairs of a configuration ``{axis: names}``."""
    entries = [(axis, name) for axis, names in row.items() for name in names]
    return {
        frozenset((a, b)) for a, b in itertools.combinations(entries, 2) if a[0] != b[0]
    }


def rows() -> list[dict[str, tuple[str, ...]]]:
    """Return configurations that cover ``pairs``.

    The first ones have each loss with each conditioning. More follow until all pairs
    are covered. Each new entry covers the most missing pairs."""
    missing, found = pairs(), []
    starts = [
        {"conditioning": (conditioning,), "loss": (loss,)}
        for conditioning in AXES["conditioning"]
        for loss in AXES["loss"]
        if goes(("conditioning", conditioning), ("loss", loss))
    ]
    while missing or starts:
        row = starts.pop(0) if starts else _start(missing)
        for axis in ("dynamics", "term", "augmentation"):
            row[axis] = row.get(axis, ())
            while len(row[axis]) < SEVERAL.get(axis, 1):
                row[axis] += (_most_missed(row, axis, missing),)
        missing -= met(row)
        found.append(row)
    return found


def _most_missed(row, axis, missing):
    others = [name for name in AXES[axis] if name not in row[axis]]
    return max(
        others, key=lambda name: len(met({**row, axis: (*row[axis], name)}) & missing)
    )


def _start(missing):
    """Return a row with a missing pair, a loss and a conditioning."""
    row = {axis: (name,) for axis, name in min(map(sorted, missing))}
    if "loss" not in row:
        multi_hinge = row.get("conditioning") == ("multi_hinge",)
        row["loss"] = ("hinge",) if multi_hinge else AXES["loss"][:1]
    return {"conditioning": (UNCONDITIONAL,)} | row


def config(row) -> dict:
    """Return the values of a config file for a configuration, on 8×8 digits."""
    conditioning, (loss,) = row["conditioning"][0], row["loss"]
    (dynamics,) = row["dynamics"]
    names = [name for name in row["augmentation"] if name in AUGMENTATIONS]
    augmentation = {"names": tuple(names), "probability": 0.5}
    if "noise" in row["augmentation"]:
        augmentation["noise"] = 0.1
    if "pseudo" in row["augmentation"]:
        augmentation["pseudo"] = True
    if "adaptive" in row["augmentation"]:
        augmentation |= {"adaptive": True, "speed": 0.01}
        augmentation["pseudo"] = augmentation.get("pseudo", False) or not names
    stated = {
        "data": {"name": "digits"},
        "batch_size": 8,
        "latents": {"size": 4},
        "networks": {
            "generator": {"widths": (8,), "normalization": "batch"},
            "discriminator": {"widths": (8,)},
        },
        "loss": {"name": loss},
        "dynamics": {"name": dynamics, "strength": 0.1, "steps": 2},
        "augmentation": augmentation,
        "regularizers": {
            name: {"weight": 0.1} for name in row["term"] if name in REGULARIZERS
        },
        "terms": {name: {"weight": 0.1} for name in row["term"] if name in TERMS},
    }
    if conditioning != UNCONDITIONAL:
        # Alternate between the ways to condition the generator.
        ways = ("concatenation", "conditional_batch_norm", "self_modulation")
        way = ways[tuple(LOSSES).index(loss) % len(ways)]
        stated["game"] = "conditional_gan"
        stated["conditioning"] = {"generator": way, "discriminator": conditioning}
    return stated
