"""Inputs and outputs of an objective: networks, the view of one update, reports."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp

from ganjax.core.randomness import child_key, sample_keys

Tree = Any
Knobs = Mapping[str, jax.Array]


@dataclasses.dataclass(frozen=True)
class Network:
    """A stateless module and the inputs that initialise it.

    ``module`` has Flax's ``init`` and ``apply`` and takes a keyword ``train``.
    ``inputs`` are ``jax.ShapeDtypeStruct`` of one batch of any size, or trees of them.
    They only determine the shapes of the parameters. A module declares ``mixes_samples
    = False`` if the output for a sample does not depend on the rest of the batch.
    """

    module: Any
    inputs: tuple[Tree, ...]

    def initial(self, key: jax.Array) -> dict[str, Tree]:
        """Initialise the module. Return its variables, ``{'params': …, …}``."""
        inputs = jax.tree.map(lambda x: jnp.zeros(x.shape, x.dtype), self.inputs)
        return dict(self.module.init(key, *inputs, train=True))

    def __call__(
        self, variables: Tree, *inputs: jax.Array, method: str | None = None
    ) -> Tree:
        """Run the module in evaluation mode and return its output.

        Args:
          variables: ``{'params': …, …}``.
          method: name of a method to run in place of the module's call.
        """
        how = {} if method is None else {"method": method}
        return self.module.apply(variables, *inputs, train=False, **how)


class Report(flax.struct.PyTreeNode):
    """Second output of an objective, after the loss: scalars to log, the variables of
    all networks, and the entries of the memory that it replaced."""

    metrics: dict[str, jax.Array]
    variables: dict[str, Tree]
    memory: dict[str, Tree]


@dataclasses.dataclass(frozen=True)
class View:
    """Everything that an objective may read. It is immutable: methods return a new one.

    A turn is one update of one player. ``params`` holds the values with respect to
    which the loss is differentiated. ``batch`` is this device's share of the turn's
    examples. It is ``None`` for a player that reads no data. ``key`` is the turn's
    random key, equal on all devices. A lazy term counts only at every ``interval``-th
    step; ``due`` holds the intervals that end at this step. It is ``None`` if the step
    is not known while JAX traces. ``apart`` is the interval of a separate update of
    some lazy terms (``Player.apart``), and ``None`` in a turn. ``drawn`` holds values
    that replace random draws, by name; see ``make_train_step``.
    """

    networks: Mapping[str, Network]
    axis: str
    params: dict[str, Tree]
    variables: dict[str, Tree]
    memory: dict[str, Tree]
    knobs: Knobs
    batch: Any
    key: jax.Array
    step: jax.Array
    due: frozenset[int] | None = None
    apart: int | None = None
    drawn: Mapping[str, jax.Array] = dataclasses.field(default_factory=dict)
    remembered: tuple[str, ...] = ()

    def update(
        self, network: str, *inputs: jax.Array, method: str | None = None
    ) -> tuple[Tree, "View"]:
        """Run a network in training mode. Return its output, and a view with the
        variables that it wrote (batch statistics, spectral vectors). ``method`` names a
        method to run in place of the module's call."""
        variables = self.variables[network]
        output, written = self.networks[network].module.apply(
            {"params": self.params[network], **variables},
            *inputs,
            train=True,
            mutable=list(variables),
            **({} if method is None else {"method": method}),
        )
        kept = {**self.variables, network: {**variables, **written}}
        return output, dataclasses.replace(self, variables=kept)

    def apply(
        self, network: str, *inputs: jax.Array, method: str | None = None
    ) -> Tree:
        """Run a network in training mode and return its output. Unlike in ``update``,
        variables that it writes are dropped, so the call is safe under ``grad``,
        ``vmap`` and ``cond``."""
        return self.update(network, *inputs, method=method)[0]

    def remember(self, **memory: Tree) -> "View":
        """Return a view with new values for entries of the memory. Objectives find
        these values there in later updates. A value must be equal on all devices."""
        unknown = sorted(set(memory) - set(self.memory))
        if unknown:
            there = sorted(self.memory)
            raise ValueError(f"unknown memory entries {unknown}; the game has {there}")
        held, remembered = {**self.memory, **memory}, (*self.remembered, *memory)
        return dataclasses.replace(self, memory=held, remembered=remembered)

    def report(self, **metrics: jax.Array) -> Report:
        """Return the second output of an objective: the scalars to log, and all updated
        variables and memory entries.

        The engine averages the scalars over devices.
        """
        remembered = {name: self.memory[name] for name in self.remembered}
        return Report(metrics, self.variables, remembered)

    def every(self, interval: int, then: Callable, otherwise: Callable) -> Tree:
        """Return ``then()`` at steps ``interval``, ``2 * interval``, … (counted from
        1), else ``otherwise()``. Both results have the same shapes. If the step is
        known while JAX traces, only one of them is compiled. Otherwise the compiled
        program chooses. A separate update (``apart``) is itself at these steps."""
        if interval in (1, self.apart):
            return then()
        if self.due is not None:
            return then() if interval in self.due else otherwise()
        ends = (self.step + 1) % interval == 0
        return jax.lax.cond(ends, jax.checkpoint(then), otherwise)

    def keys(self, name: str, n: int) -> jax.Array:
        """Return one random key for each of this device's ``n`` samples, ``[n]``. Each
        ``name`` gives other keys. A sample's key does not depend on the number of
        devices."""
        return sample_keys(child_key(self.key, name), n, self.axis)

    def draw(self, name: str, n: int, sample: Callable[[jax.Array], Tree]) -> Tree:
        """Return a random draw for each of this device's ``n`` samples: ``sample`` of
        their keys ``[n]``, or the value that ``drawn`` holds for this name."""
        if name in self.drawn:
            return self.drawn[name]
        return sample(self.keys(name, n))

    def local(self, n: int) -> int:
        """Return how many of the ``n`` samples of a whole batch are on this device."""
        return n // jax.lax.axis_size(self.axis)

    def treats_samples_alone(self, network: str) -> bool:
        """Return whether a network's output for a sample is independent of the rest of
        the batch."""
        return not getattr(self.networks[network].module, "mixes_samples", True)

    def gather(self, x: jax.Array) -> jax.Array:
        """Join the ``x [n, …]`` of all devices into the whole batch
        ``[devices·n, …]``."""
        return jax.lax.all_gather(x, self.axis, tiled=True)

    def share(self, x: jax.Array) -> jax.Array:
        """Return this device's part ``[n, …]`` of a whole batch ``[devices·n, …]``.
        This inverts ``gather``."""
        n = x.shape[0] // jax.lax.axis_size(self.axis)
        first = jax.lax.axis_index(self.axis) * n
        return jax.lax.dynamic_slice_in_dim(x, first, n)

    def mean(self, x: jax.Array) -> jax.Array:
        """Return the average of ``x`` over devices."""
        return jax.lax.pmean(x, self.axis)
