"""What an objective looks at and hands back: networks, the view of a turn, reports."""

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
    ``inputs`` are ``jax.ShapeDtypeStruct`` of one batch, whatever its size: they give
    the parameters their shapes and are used for nothing else. A module that treats
    every sample of a batch alone says so by ``mixes_samples = False``.
    """

    module: Any
    inputs: tuple[jax.ShapeDtypeStruct, ...]

    def initial(self, key: jax.Array) -> dict[str, Tree]:
        """Return fresh variables, ``{'params': …, …}``."""
        inputs = [jnp.zeros(x.shape, x.dtype) for x in self.inputs]
        return dict(self.module.init(key, *inputs, train=True))

    def __call__(
        self, variables: Tree, *inputs: jax.Array, method: str | None = None
    ) -> Tree:
        """Output in evaluation mode of the module's call, or of another ``method``, for
        ``variables`` = ``{'params': …, …}``."""
        how = {} if method is None else {"method": method}
        return self.module.apply(variables, *inputs, train=False, **how)


@flax.struct.dataclass
class Report:
    """What an objective hands back beside its loss: scalars to log, the variables of
    all networks, and those entries of the memory that it replaced."""

    metrics: dict[str, jax.Array]
    variables: dict[str, Tree]
    memory: dict[str, Tree]


@dataclasses.dataclass(frozen=True)
class View:
    """All that an objective may look at; immutable, and threaded through it.

    ``params`` already holds the values that the loss is differentiated by. ``batch``
    is this device's share of the turn's examples, or ``None`` for a player that reads
    no data. ``key`` is the turn's key, equal on all devices. ``due`` are those of the
    game's ``intervals`` that end at this step, or ``None`` where only ``step`` tells.
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
    remembered: tuple[str, ...] = ()

    def update(
        self, network: str, *inputs: jax.Array, method: str | None = None
    ) -> tuple[Tree, "View"]:
        """Training-mode output of a module's call, or of another ``method`` of it, and
        a view that keeps what the network wrote (batch statistics, spectral
        vectors)."""
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
        """Training-mode output; what the network wrote is dropped. Safe under
        ``grad``, ``vmap`` and ``cond``."""
        return self.update(network, *inputs, method=method)[0]

    def remember(self, **memory: Tree) -> "View":
        """A view with new values in ``memory``, which must be equal on all devices."""
        unknown = sorted(set(memory) - set(self.memory))
        if unknown:
            there = sorted(self.memory)
            raise ValueError(f"memory {unknown} is not in the game's: {there}")
        held, remembered = {**self.memory, **memory}, (*self.remembered, *memory)
        return dataclasses.replace(self, memory=held, remembered=remembered)

    def report(self, **metrics: jax.Array) -> Report:
        """Scalars to log, with everything that was updated and remembered so far.

        Metrics are averaged over devices by the engine.
        """
        remembered = {name: self.memory[name] for name in self.remembered}
        return Report(metrics, self.variables, remembered)

    def every(self, interval: int, then: Callable, otherwise: Callable) -> Tree:
        """``then()`` at the steps whose count, from 1, is a multiple of ``interval``,
        and ``otherwise()``, of the same shapes, at the rest: a choice while tracing
        where ``due`` is known, else a conditional."""
        if self.due is not None or interval == 1:
            return then() if interval == 1 or interval in self.due else otherwise()
        ends = (self.step + 1) % interval == 0
        return jax.lax.cond(ends, jax.checkpoint(then), otherwise)

    def keys(self, name: str, n: int) -> jax.Array:
        """One key a sample, ``[n]``, that does not depend on the device count."""
        return sample_keys(child_key(self.key, name), n, self.axis)

    def local(self, n: int) -> int:
        """This device's share of a global count of samples."""
        return n // jax.lax.axis_size(self.axis)

    def treats_samples_alone(self, network: str) -> bool:
        """Whether a sample's output does not depend on the rest of its batch."""
        return not getattr(self.networks[network].module, "mixes_samples", True)

    def gather(self, x: jax.Array) -> jax.Array:
        """The global batch ``[devices·n, …]`` of each device's ``[n, …]``."""
        return jax.lax.all_gather(x, self.axis, tiled=True)

    def share(self, x: jax.Array) -> jax.Array:
        """This device's ``[n, …]`` of a whole ``[devices·n, …]``; undoes ``gather``."""
        n = x.shape[0] // jax.lax.axis_size(self.axis)
        first = jax.lax.axis_index(self.axis) * n
        return jax.lax.dynamic_slice_in_dim(x, first, n)

    def mean(self, x: jax.Array) -> jax.Array:
        """The average of ``x`` over devices."""
        return jax.lax.pmean(x, self.axis)
