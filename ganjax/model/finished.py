"""The finished model: it makes and judges samples with the networks of a state."""

import copy
import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.core import Game, GameState, averaged, child_key, sample_keys
from ganjax.errors import Uncomputable
from ganjax.model.sampler import Sampler
from ganjax.model.standing_statistics import standing_statistics
from ganjax.options import option

CHUNK = 250
CRITIC_CHUNK = 240

STATISTICS = ("averaged", "standing")

PRECISION = "float32"


@dataclasses.dataclass(frozen=True)
class Sampling:
    """How a finished model samples: the section ``sampling`` of a config."""

    truncation: float = option(
        0.0, "truncation of styles or of normal latents", least=0, zero="none",
        needs=("normal latents",),
    )  # fmt: skip
    statistics: str = option(
        "averaged", "batch statistics for averaged networks", choices=STATISTICS
    )
    # No fields of a config: the only classes and captions to generate; all if empty.
    classes: tuple[int, ...] = ()
    captions: tuple[tuple[int, ...], ...] = ()


class Model:
    """A finished model: averaged networks, and everything that its game does with them.

    The model applies averages, standing statistics, truncation, device placement and
    chunks, so scores, pictures and samples come from the same model. It computes in
    single precision, also if the game trains in bfloat16, which would round away a
    small step along a path. It also has a method ``x [n, …] -> [n, …]`` for each entry
    of ``sampler.abilities``, the other functions that a game may offer: ``encode``,
    ``reconstruct``, ``translate``, …

    Attributes:
      game, sampler: the arguments, with truncation and single precision applied.
      state: the argument ``state``.
      sampling: truncation, batch statistics and classes.

    Args:
      game, sampler: as a game file returns them.
      state: on any devices; the model runs on the first one.
    """

    def __init__(
        self,
        game: Game,
        sampler: Sampler,
        state: GameState,
        sampling: Sampling = Sampling(),  # noqa: B008
    ):
        self.state, self.sampling = state, sampling
        precise = _in_single_precision(game)
        self.game, every = _truncated(precise, sampler, sampling.truncation)
        # Batch statistics are statistics of all classes.
        self._every_class = every
        self.sampler = of_classes(every, sampling.captions or sampling.classes)

    @property
    def step(self) -> int:
        """The number of training steps that the state has taken."""
        return int(self.state.step)

    @functools.cached_property
    def variables(self) -> dict[str, Any]:
        """Variables by network: averages where the game keeps them. If ``sampling``
        selects standing statistics (batch statistics of many samples), they are drawn
        with the run's key, so every use of the model has the same statistics."""
        with jax.ensure_compile_time_eval():  # ``apply`` may run inside ``jit``
            variables = _on_first_device(averaged(self.game, self.state))
            if self.sampling.statistics != "standing":
                return variables
            key = _on_first_device(child_key(self.state.key, "standing"))
            return standing_statistics(self.game, self._every_class, variables, key)

    @functools.cached_property
    def live(self) -> dict[str, Any]:
        """Trained variables by network, not averaged. ``score`` uses these."""
        params, others = self.state.params, self.state.variables
        return _on_first_device(
            {
                name: {"params": params[name], **others[name]}
                for name in self.game.networks
            }
        )

    def sample(self, key: jax.Array | int, n: int) -> np.ndarray:
        """Return ``n`` samples ``[n, …]``; images are in [-1, 1].

        Sample ``i`` depends only on ``key`` and ``i``.

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

    def of_seeds(self, seeds: Sequence[int]) -> np.ndarray:
        """Return one sample for each seed, ``[n, …]``.

        The sample of a seed does not depend on the other seeds: its latent is the one
        of ``sample(seed, 1)``. If the game takes labels, the label is entry number
        ``seed`` of the generated classes, modulo the number of these classes.
        """
        sampler = self.sampler
        turns = len(sampler.chosen) or sampler.classes or 1
        draw = _compiled(sampler.sample, self.game, plain)
        # One at a time: rounding may depend on the size of a batch.
        made = [
            draw(self.variables, sample_keys(jax.random.key(seed), 1), seed % turns)
            for seed in seeds
        ]
        return np.concatenate(made)

    def labels(self, n: int) -> np.ndarray | None:
        """Return the labels ``[n]`` or the captions ``[n, L]`` of the samples of
        ``sample``; ``None`` if the game takes neither."""
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
          label: ``[n]``, or captions ``[n, L]``. If ``None`` and the game takes them,
            the samples go through the classes or the captions in turn.
        """
        label = self.labels(len(z)) if label is None else label
        return self.in_chunks(self._own("decode"), z, label)

    def score(self, x: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
        """Return the critic's scores of samples ``x [n, …]``, one for each pack.

        A pack is ``sampler.packing`` samples that the critic judges together. Samples
        that do not fill a pack are left out. If the critic compares packs, it sees them
        in groups, as in training; packs before the last group complete it if necessary.
        The critic is not averaged.

        Raises:
          Uncomputable: if the samples do not fill one pack, or one group of packs.
        """
        critic, pack = self._own("critic"), self.sampler.packing
        whole = pack * self.sampler.compared
        if len(x) < whole:
            raise Uncomputable(f"{len(x)} samples, expected at least {whole}")
        if whole > pack:
            return self._by_group(critic, x, label)
        x, label = (_part(a, 0, len(x) // pack * pack) for a in (x, label))
        size = min(len(x), CRITIC_CHUNK // pack * pack or pack)
        judge, found = _compiled(critic, self.game, plain), []
        for first in range(0, len(x), size):
            parts = [_part(a, first, size) for a in (x, label)]
            scores = np.asarray(judge(self.live, *parts))
            found.append(scores[: (len(x) - first) // pack])
        return np.concatenate(found)

    def _by_group(self, critic, x, label):
        pack, group = self.sampler.packing, self.sampler.compared
        packs = len(x) // pack
        starts = np.arange(0, packs - group + 1, group)
        if rest := packs % group:
            starts = np.append(starts, packs - group)
        rows = pack * starts[:, None] + np.arange(pack * group)
        judge = _compiled(_of_groups(critic), self.game, plain)
        size, found = max(1, CRITIC_CHUNK // (pack * group)), []
        size = min(size, len(rows))
        for first in range(0, len(rows), size):
            part = _part(rows, first, size)
            known = None if label is None else label[part]
            scores = np.asarray(judge(self.live, x[part], known))
            found.append(scores[: len(rows) - first])
        scores = np.concatenate(found)
        if not rest:
            return scores.reshape(-1)
        return np.concatenate([scores[:-1].reshape(-1), scores[-1, -rest:]])

    def ask(self, ability: str, x: np.ndarray) -> np.ndarray:
        """Return the output of one of the game's abilities for ``x [n, …]``.

        Raises:
          AttributeError: if the game does not have the ability.
        """
        if ability not in self.sampler.abilities:
            there = ", ".join(sorted(self.sampler.abilities)) or "none"
            raise AttributeError(f"no ability '{ability}'; this model has {there}")
        return self.in_chunks(self.sampler.abilities[ability], x)

    def __getattr__(self, name: str) -> Callable[[np.ndarray], np.ndarray]:
        if name.startswith("_") or hasattr(type(self), name):
            # The code of that attribute raised an error. Raise the same error again.
            return object.__getattribute__(self, name)
        if name not in self.sampler.abilities:
            raise AttributeError(f"a Model has no attribute '{name}'")
        return functools.partial(self.ask, name)

    def apply(self, network: str, *inputs, method: str | None = None):
        """Return the output of a network, or of another ``method`` of its module, in
        evaluation mode, with the same noise for all latents. Use it inside ``jit``."""
        return with_fixed_noise(self.game, self.variables)(
            network, *inputs, method=method
        )

    def compute(self, function: Callable, *inputs) -> Any:
        """Return ``function(apply, *inputs)``, compiled once for all states of a game.

        ``apply`` is the method above. Another function object is compiled again.
        """
        return _compiled(function, self.game, with_fixed_noise)(self.variables, *inputs)

    def reshaped(self, shape: tuple[int, ...]) -> "Model":
        """Return this model with networks that make samples of another ``shape``, such
        as a fully convolutional generator of larger images.

        If the shapes of the networks' parameters depend on the shape of samples, the
        functions of the returned model fail."""
        other = copy.copy(self)
        other.__dict__["variables"] = self.variables
        other.game = _of_shape(self.game, shape)
        return other

    def _own(self, name):
        found = getattr(self.sampler, name)
        if found is None:
            raise TypeError(f"the sampler of this model's game has no '{name}'")
        return found

    def in_chunks(self, function: Callable, *inputs) -> np.ndarray:
        """Return ``function(apply, *inputs)``, computed in chunks of one size. The last
        chunk is padded with zeros, and the results of the zeros are dropped."""
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


@functools.lru_cache(maxsize=32)
def _of_groups(critic):
    """Return ``critic`` of ``x [k, n, …]`` and ``label [k, n]``. Each group is scored
    like a batch on one device. The cache is for the reason of ``_truncated``."""

    def scores(apply, x, label):
        of_one = functools.partial(critic, apply)
        on_device = jax.vmap(of_one, axis_name="data", axis_size=1)

        def of_group(x, label):
            one = jax.tree.map(lambda a: jnp.expand_dims(a, 0), (x, label))
            return on_device(*one)[0]

        return jax.vmap(of_group)(x, label)

    return scores


def plain(game: Game, variables: Mapping[str, Any]) -> Callable:
    """Return the ``apply(network, *inputs)`` that a sampler's functions take first."""

    def apply(network, *inputs, method=None):
        # By default, tensor cores round every product to ten bits.
        with jax.default_matmul_precision(PRECISION):
            return game.networks[network](variables[network], *inputs, method=method)

    return apply


def with_fixed_noise(game: Game, variables: Mapping[str, Any]) -> Callable:
    """Return an ``apply`` that holds noise fixed across latents.

    Use it to compare or to optimise latents.

    A network that computes its noise from the latent has a method ``as_of``. The first
    input of ``as_of`` is the latent that determines the noise.
    """
    run = plain(game, variables)

    def apply(network, *inputs, method=None):
        if method is None and hasattr(game.networks[network].module, "as_of"):
            fixed = jnp.zeros_like(inputs[0])
            return run(network, fixed, *inputs, method="as_of")
        return run(network, *inputs, method=method)

    return apply


def truncates_styles(game: Game) -> bool:
    """Return whether a generator truncates its styles instead of its latents."""
    return any(hasattr(x.module, "truncation") for x in game.networks.values())


@functools.lru_cache(maxsize=32)
def with_mean_styles(game: Game) -> Game:
    """Return the game whose generator takes the mean style for every latent (ψ = 0,
    which ``Sampling.truncation`` cannot express: its 0 means no truncation). The result
    is the same object each time, because compiled programs are found by it."""
    return _cloned(game, truncation=0.0)


@functools.lru_cache(maxsize=32)
def _truncated(game, sampler, truncation):
    """Return the game and the sampler, with truncated styles or truncated latents. The
    cache returns the same objects each time, because they are the keys of programs."""
    if not truncation:
        return game, sampler
    if not truncates_styles(game):
        draw = functools.partial(sampler.draw, truncation=truncation)
        return game, dataclasses.replace(sampler, draw=draw)
    return _cloned(game, truncation=truncation), sampler


@functools.lru_cache(maxsize=32)
def of_classes(sampler: Sampler, classes: tuple[Any, ...]) -> Sampler:
    """Return a sampler that generates only the labels ``classes``; all if empty. The
    result is the same object each time, because compiled programs are found by it."""
    return dataclasses.replace(sampler, chosen=classes) if classes else sampler


@functools.lru_cache(maxsize=32)
def _in_single_precision(game):
    """Return the game with networks that multiply in single precision: the same object
    if they do already. The cache is for the reason of ``_truncated``."""
    dtype = jnp.dtype(PRECISION)
    modules = [network.module for network in game.networks.values()]
    if all(jnp.dtype(getattr(x, "dtype", dtype)) == dtype for x in modules):
        return game
    return _cloned(game, dtype=dtype)


@functools.lru_cache(maxsize=32)
def _of_shape(game, shape):
    """Return the game with networks that make samples of ``shape``, cached as above."""
    return _cloned(game, shape=shape)


def _cloned(game, **fields):
    """Return the game with ``fields`` set in the modules that have these fields."""

    def clone(network):
        if not all(hasattr(network.module, name) for name in fields):
            return network
        return dataclasses.replace(network, module=network.module.clone(**fields))

    networks = {name: clone(network) for name, network in game.networks.items()}
    return dataclasses.replace(game, networks=networks)


def _on_first_device(tree):
    devices = {device for leaf in jax.tree.leaves(tree) for device in leaf.devices()}
    if not devices:  # a game may have no parameters
        return tree
    return jax.device_put(tree, min(devices, key=lambda device: device.id))


@functools.lru_cache(maxsize=32)
def _compiled(function, game, way):
    """Return the program of ``function(apply, *inputs)`` for all states of a game."""
    return jax.jit(lambda variables, *inputs: function(way(game, variables), *inputs))
