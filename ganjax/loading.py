"""A run, given back from its folder."""

import functools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from ml_collections import ConfigDict
from PIL import Image

from ganjax.build import build_evaluation, build_game, open_data
from ganjax.config import knobs, resolve
from ganjax.core import Game, GameState, averaged, init_state
from ganjax.data import Source
from ganjax.errors import BadInput, unknown
from ganjax.evaluation import EVALUATORS, draw
from ganjax.training import BEST, Checkpoints
from ganjax.training.pictures import image_grid, scatter
from ganjax.training.run_directory import CONFIG, read_json


class Run:
    """A finished or a running run.

    Attributes:
      path: its folder.
      config: the resolved config.
      game: the game that the config describes.

    Raises:
      BadInput: if the folder holds no run.
    """

    def __init__(self, path: Path | str):
        self.path = Path(path)
        stated = read_json(self.path / CONFIG)
        if stated is None:
            raise BadInput(
                f"workdir={self.path}: expected a run, and there is no {CONFIG} in it"
            )
        self.config: ConfigDict = resolve(stated)

    @functools.cached_property
    def source(self) -> Source:
        """The data set that the run learns from."""
        return open_data(self.config)

    @functools.cached_property
    def game(self) -> Game:
        return build_game(self.config, self.source)

    @functools.cached_property
    def state(self) -> GameState:
        """The newest readable checkpoint.

        Raises:
          BadInput: if there is none yet.
        """
        return self._restored("checkpoints")

    @functools.cached_property
    def best(self) -> GameState:
        """The checkpoint with the best score, as ``checkpoint.best`` asks for.

        Raises:
          BadInput: if there is none, or none was asked for.
        """
        if not self.config.checkpoint.best:
            raise BadInput(
                f"workdir={self.path}: expected a run that keeps its best checkpoint, "
                f"and checkpoint.best is empty"
            )
        return self._restored(BEST)

    def states(self) -> list[GameState]:
        """Every readable checkpoint that the run keeps, oldest first."""
        with Checkpoints(self.path / "checkpoints") as checkpoints:
            return checkpoints.every(self._fresh())

    def _fresh(self):
        key = jax.random.key(self.config.seed)
        return init_state(self.game, key, knobs(self.config))

    def _restored(self, folder):
        with Checkpoints(self.path / folder) as checkpoints:
            state = checkpoints.restore(self._fresh())
        if state is None:
            raise BadInput(
                f"workdir={self.path}: expected a checkpoint in {folder}, and there is "
                f"none yet"
            )
        return state

    def evaluate(
        self,
        names: Sequence[str] = (),
        overrides: Mapping[str, str] = (),
        *,
        best: bool = False,
    ) -> dict[str, Any]:
        """Scores of the newest checkpoint, or of the best, with their protocol.

        Args:
          names: of evaluators; those of the run's config if there are none.
          overrides: of fields of ``evaluation``, and ``seed``, as text.

        Returns:
          ``{'scores': {name: value}, 'protocol': {field: value}}``.

        Raises:
          BadInput: for a wrong name or value, or if there is no checkpoint.
        """
        config = resolve(self.config.to_dict(), overrides)
        for name in names:
            if name not in EVALUATORS:
                raise unknown("evaluation.names", name, EVALUATORS)
        names = tuple(names) or config.evaluation.names
        evaluation = build_evaluation(config, self.game, self.source, names)
        state = self.best if best else self.state
        return {
            "scores": evaluation.run(state),
            "protocol": evaluation.protocol(int(state.step)),
        }

    @property
    def metrics(self) -> list[dict[str, float]]:
        """The rows of metrics.jsonl, each with its ``step``."""
        path = self.path / "metrics.jsonl"
        lines = path.read_text().splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def sample(self, key: jax.Array | int, n: int) -> np.ndarray:
        """``n`` samples ``[n, …]`` by the averaged parameters; images in [-1, 1].

        Args:
          key: a typed PRNG key, or a seed for one.
        """
        if isinstance(key, int):
            key = jax.random.key(key)
        return draw(self.game, self.state, key, n)

    def picture(self, key: jax.Array | int, n: int) -> Image.Image:
        """``n`` samples as a grid of images, or as a scatter of points."""
        samples = self.sample(key, n)
        return image_grid(samples) if samples.ndim == 4 else scatter(samples)


def started(state: GameState, config: ConfigDict) -> GameState:
    """A fresh ``state`` with the parameters and variables that the networks of another
    run ended with, as ``config.start`` says; averages where that run keeps them.

    Raises:
      BadInput: if there is no such run, or its networks are not those of ``config``.
    """
    if not config.start.workdir:
        return state
    other = Run(config.start.workdir)
    given = averaged(other.game, other.state)
    params, variables, ema = dict(state.params), dict(state.variables), dict(state.ema)
    for name in config.start.networks or tuple(params):
        if name not in params:
            raise unknown("start.networks", name, params)
        if name not in given:
            raise unknown(f"start.workdir={other.path}: networks", name, given)
        own = {"params": params[name], **variables[name]}
        _check_alike(name, own, given[name], other.path)
        taken = jax.tree.map(jnp.copy, dict(given[name]))
        if name in ema:
            ema[name] = jax.tree.map(jnp.copy, taken)
        params[name] = taken.pop("params")
        variables[name] = taken
    return state.replace(params=params, variables=variables, ema=ema)


def _check_alike(network, own, given, path):
    def shapes(tree):
        leaves, _ = jax.tree_util.tree_flatten_with_path(tree)
        return {jax.tree_util.keystr(path): leaf.shape for path, leaf in leaves}

    wanted, found = shapes(own), shapes(given)
    for leaf in sorted(wanted | found):
        if wanted.get(leaf) != found.get(leaf):
            raise BadInput(
                f"start.workdir={path}: expected networks.{network} as it is here; "
                f"{leaf} is {found.get(leaf, 'absent')} there and "
                f"{wanted.get(leaf, 'absent')} here"
            )
