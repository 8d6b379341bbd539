"""Configs of games on points in the plane or on the line."""

from typing import Any

from ml_collections import ConfigDict

# How seeds run together. On two cores, ``map`` (one seed after another) is as fast as
# ``vmap``: for four seeds of pacgan with packing 1 to 4 it takes 9.6 to 16.5 ms against
# 10.7 to 16.8 ms. ``auto`` measures this, which takes longer than some quick trainings.
POPULATIONS = {"quick": "map", "paper": "auto"}


def of_points(data: str, *, steps: int, snapshots: int, **sections: Any) -> ConfigDict:
    """Build the config of a game on points. Its score counts the modes that are found.

    Args:
      data: the name of the data source.
      steps: the length of a run.
      snapshots: the number of evaluations in a run.
      sections: further sections of the config. Without ``ema`` the parameters are not
        averaged, as in papers from before averaging was common.
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
    """Return a section with the same options for generator and discriminator."""
    return {"generator": dict(options), "discriminator": dict(options)}
