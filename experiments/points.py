"""Configs of games on points in the plane or on the line."""

from typing import Any

from ml_collections import ConfigDict

# How seeds run together: on two cores one after another is as fast as at once (packing
# 1 to 4 of pacgan: 9.6 to 16.5 ms against 10.7 to 16.8 for four seeds), which to find
# out again takes longer than some of the trainings.
POPULATIONS = {"quick": "map", "paper": "auto"}


def of_points(data: str, *, steps: int, snapshots: int, **sections: Any) -> ConfigDict:
    """A game of fully connected networks that is scored by the modes it finds.

    Args:
      snapshots: how often it is scored in its course.
      sections: the rest of the config. Without ``ema`` it is the generator itself that
        is scored, as papers from before the practice of averaging do.
    """
    config = ConfigDict()
    config.steps = steps
    config.data = {"name": data}
    config.ema = {"decay": 0.0}
    config.log = {"every": steps // snapshots}
    config.samples = {"every": 0}
    config.evaluation = {
        "names": ("modes",), "every": steps // snapshots, "samples": 2500,
    }  # fmt: skip
    config.checkpoint = {"every": steps}
    config.parallel = {"inner_steps": min(100, steps // snapshots)}
    for name, section in sections.items():
        config[name] = section
    return config


def both(**options: Any) -> dict[str, dict[str, Any]]:
    """The same options for generator and discriminator."""
    return {"generator": dict(options), "discriminator": dict(options)}
