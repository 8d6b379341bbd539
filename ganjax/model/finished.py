"""A game, its sampler and a state: one finished model for every use."""

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import Game, GameState, averaged, child_key, sample_keys
from ganjax.model.sampler import Sampler
from ganjax.model.standing_statistics import standing_statistics
from ganjax.options import option

CHUNK = 250
# A multiple of every usual size of a pack.
CRITIC_CHUNK = 240

STATISTICS = ("averaged", "standing")


@dataclasses.dataclass(frozen=True)
class Sampling:
    """How a finished model samples; the section ``sampling`` of a config."""

    truncation: float = option(
        0.0, "of styles or of a normal latent's tails", least=0, zero="none",
        needs=("normal latents",),
    )  # fmt: skip
    statistics: str = option(
        "averaged", "batch statistics of averaged networks", choices=STATISTICS
    )


class Model:
    """A finished model: averaged networks, and all that its game can do with them.

    Averages, standing statistics, truncation, device placement and chunks are applied
    here, so that scores, pictures and samples are of one and the same model. Beside the
    methods below a model has those that its game has abilities for: ``encode``,
    ``reconstruct``, ``translate``, …, each ``x [n, …] -> [n, …]``.

    Attributes:
      game, sampler: with their truncation.
      state: as it was given.
      sampling: truncation and batch statistics.

    Args:
      game, sampler: as a game file returns them.
      state: on any devices; the model runs on the first.
    """

    def __init__(
        self,
        game: Game,
        sampler: Sampler,
        state: GameState,
        sampling: Sampling = Sampling(),  # noqa: B008
    ):
        self.state, self.sampling = state, sampling
        self.game, self.sampler = _truncated(game, sampler, sampling.truncation)

    @property
    def step(self) -> int:
        """The step of the state."""
        return int(self.state.step)

    @functools.cached_property
    def variables(self) -> dict[str, Any]:
        """Variables by network: averages where the game keeps them, with standing batch
        statistics where the sampling asks for them. Their draws are of the run's key,
        so every use of the model has the same statistics."""
        with jax.ensure_compile_time_eval():  # ``apply`` may be inside of ``jit``
            variables = _on_first_device(averaged(self.game, self.state))
            if self.sampling.statistics != "standing":
                return variables
            key = _on_first_device(child_key(self.state.key, "standing"))
            return standing_statistics(self.game, self.sampler, variables, key)

    @functools.cached_property
    def live(self) -> dict[str, Any]:
        """Variables by network as they train, which the critic judges by."""
        params, others = self.state.params, self.state.variables
        return _on_first_device(
            {
                name: {"params": params[name], **others[name]}
                for name in self.game.networks
            }
        )

    def sample(self, key: jax.Array | int, n: int) -> np.ndarray:
        """Return ``n`` samples ``[n, …]``; images are in [-1, 1].

        Sample ``i`` depends on ``key`` and ``i`` alone.

        Args:
          key: a typed PRNG key, or a seed for one.
        """
        if isinstance(key, int):
            key = jax.random.key(key)
        size = min(n, CHUNK)
        keys = sample_keys(key, math.ceil(n / size) * size)
        draw = _compiled(self.sampler.sample, self.game, plain)
        made = [
            np.asarray(draw(self.variables, keys[first : first + size], first))
            for first in range(0, len(keys), size)
        ]
        return np.concatenate(made)[:n]

    def labels(self, n: int) -> np.ndarray | None:
        """Return the labels ``[n]`` of what ``sample`` makes, ``None`` without."""
        label = self.sampler.labels(n)
        return None if label is None else np.asarray(label)

    def latents(self, key: jax.Array, n: int) -> jax.Array:
        """Return the latents ``[n, d]`` that ``sample`` decodes for ``key``."""
        return self.draw(sample_keys(key, n))

    def draw(self, keys: jax.Array) -> jax.Array:
        """Return one latent for each key, ``[n, d]``."""
        return self._own("draw")(keys)

    def decode(self, z: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
        """Return samples ``[n, …]`` of latents ``z [n, d]``, all with the same noise.

        Args:
          label: ``[n]``; the classes in turn where the game takes labels and none are
            given.
        """
        label = self.labels(len(z)) if label is None else label
        return self._in_chunks(self._own("decode"), z, label)

    def score(self, x: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
        """Return the critic's scores of samples ``x [n, …]``, one for each pack.

        The critic is as it trains, not averaged. Samples that fill no whole chunk of
        ``CRITIC_CHUNK`` are left out, as a pack must be full.
        """
        size = min(len(x), CRITIC_CHUNK)
        judge = _compiled(self._own("critic"), self.game, plain)
        found = []
        for first in range(0, len(x) - size + 1, size):
            part = slice(first, first + size)
            known = None if label is None else label[part]
            found.append(np.asarray(judge(self.live, x[part], known)))
        return np.concatenate(found)

    def ask(self, ability: str, x: np.ndarray) -> np.ndarray:
        """Return what one of the game's abilities makes of ``x [n, …]``.

        Raises:
          AttributeError: if the game does not have it.
        """
        if ability not in self.sampler.abilities:
            there = ", ".join(sorted(self.sampler.abilities)) or "none"
            raise AttributeError(f"no ability '{ability}'; this model has {there}")
        return self._in_chunks(self.sampler.abilities[ability], x)

    def __getattr__(self, name: str) -> Callable[[np.ndarray], np.ndarray]:
        if name.startswith("_") or hasattr(type(self), name):
            # The error is one inside of that attribute, and is raised again.
            return object.__getattribute__(self, name)
        if name not in self.sampler.abilities:
            raise AttributeError(f"a Model has no attribute '{name}'")
        return functools.partial(self.ask, name)

    def apply(self, network: str, *inputs, method: str | None = None):
        """Return the output of one network, or of another ``method`` of its module, in
        evaluation mode, with the same noise for all latents. For use inside ``jit``."""
        return with_fixed_noise(self.game, self.variables)(
            network, *inputs, method=method
        )

    def compute(self, function: Callable, *inputs) -> Any:
        """Return ``function(apply, *inputs)``, compiled once for all states of a game.

        ``apply`` is as in the method above. Hand in the same function object each time.
        """
        return _compiled(function, self.game, with_fixed_noise)(self.variables, *inputs)

    def _own(self, name):
        found = getattr(self.sampler, name)
        if found is None:
            raise TypeError(f"the sampler of this model's game has no '{name}'")
        return found

    def _in_chunks(self, function, *inputs):
        """``function(apply, *inputs)`` in parts of one size. The last part is padded
        with zeros, whose results are dropped."""
        count = len(inputs[0])
        size = min(count, CHUNK)
        made = []
        for first in range(0, count, size):
            parts = [_part(x, first, size) for x in inputs]
            made.append(np.asarray(self.compute(function, *parts))[: count - first])
        return np.concatenate(made)


def _part(x, first, size):
    if x is None:
        return None
    x = x[first : first + size]
    return np.pad(x, [(0, size - len(x)), *[(0, 0)] * (x.ndim - 1)])


def plain(game: Game, variables: Mapping[str, Any]) -> Callable:
    """Return the ``apply`` of a sampler."""

    def apply(network, *inputs, method=None):
        return game.networks[network](variables[network], *inputs, method=method)

    return apply


def with_fixed_noise(game: Game, variables: Mapping[str, Any]) -> Callable:
    """Return the ``apply`` of a sampler that holds noise fixed across latents.

    Use it to compare or to optimise latents.

    A network whose noise is a function of its latent has a method ``as_of``, whose
    first input is the latent that the noise is drawn by.
    """
    run = plain(game, variables)

    def apply(network, *inputs, method=None):
        if method is None and hasattr(game.networks[network].module, "as_of"):
            fixed = jnp.zeros_like(inputs[0])
            return run(network, fixed, *inputs, method="as_of")
        return run(network, *inputs, method=method)

    return apply


def truncates_styles(game: Game) -> bool:
    """Return whether a generator truncates its styles, and not its latents."""
    return any(hasattr(x.module, "truncation") for x in game.networks.values())


@functools.lru_cache(maxsize=32)
def _truncated(game, sampler, truncation):
    """The game with truncated styles, or else the sampler with truncated latents. They
    are the same objects each time, as programs are found by them."""
    if not truncation:
        return game, sampler
    if not truncates_styles(game):
        draw = functools.partial(sampler.draw, truncation=truncation)
        return game, dataclasses.replace(sampler, draw=draw)
    networks = {
        name: dataclasses.replace(
            network, module=network.module.clone(truncation=truncation)
        )
        if hasattr(network.module, "truncation")
        else network
        for name, network in game.networks.items()
    }
    return dataclasses.replace(game, networks=networks), sampler


def _on_first_device(tree):
    devices = {device for leaf in jax.tree.leaves(tree) for device in leaf.devices()}
    if not devices:  # a game may have no parameters
        return tree
    return jax.device_put(tree, min(devices, key=lambda device: device.id))


@functools.lru_cache(maxsize=32)
def _compiled(function, game, way):
    """The program of ``function(apply, *inputs)``, shared by all states of a game."""
    return jax.jit(lambda variables, *inputs: function(way(game, variables), *inputs))
