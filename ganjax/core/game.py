"""What a game is: networks, players, and what a player's objective may look at."""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import flax.struct
import jax
import jax.numpy as jnp
import optax

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
            raise ValueError(
                f"memory {unknown} is not in the game's: {sorted(self.memory)}"
            )
        return dataclasses.replace(
            self,
            memory={**self.memory, **memory},
            remembered=(*self.remembered, *memory),
        )

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


Objective = Callable[[dict[str, Tree], View], tuple[jax.Array, Report]]


@dataclasses.dataclass(frozen=True)
class Player:
    """Who owns which networks and descends which objective on them.

    Attributes:
      name: prefix of the player's metrics and name of its optimizer state.
      owns: networks whose parameters it updates. Two players may own one network.
      objective: ``(owned parameters, view) -> (loss, report)``. The view's ``params``
        already hold the owned parameters that are differentiated.
      optimizer: ``knobs -> optax.GradientTransformation``. Its numbers come from the
        knobs, so they are swept without recompiling.
      updates_per_step: turns it takes in a step.
      reads_data: whether each of its turns is given real examples.
    """

    name: str
    owns: tuple[str, ...]
    objective: Objective
    optimizer: Callable[[Knobs], optax.GradientTransformation]
    updates_per_step: int = 1
    reads_data: bool = True


@dataclasses.dataclass(frozen=True)
class Decoder:
    """How a game that turns latents into samples generates, as a ``Game.sample`` whose
    halves can be used alone.

    Attributes:
      draw: ``keys [n] -> z [n, d]``.
      decode: ``(apply, z [n, d], label [n] or None) -> samples [n, …]``.
      classes: the labels that it can be asked for; 0 if it is asked for none.
      codes: ``(K, C)`` where a latent ends in one of ``K`` categories as one-hot
        numbers, and ``C`` numbers in [-1, 1].
    """

    draw: Callable[[jax.Array], jax.Array]
    decode: Callable[..., jax.Array]
    classes: int = 0
    codes: tuple[int, int] = (0, 0)

    def labels(self, n: int, first: jax.Array | int = 0) -> jax.Array | None:
        """The classes in turn, so that a grid of them shows each as often: of ``n``
        samples the labels, where ``first`` came before them."""
        return (first + jnp.arange(n)) % self.classes if self.classes else None

    def __call__(
        self, apply: Callable, keys: jax.Array, first: jax.Array | int = 0
    ) -> jax.Array:
        label = self.labels(keys.shape[0], first)
        return self.decode(apply, self.draw(keys), label)


def _constant_decay(knobs: Knobs, step: jax.Array) -> float:
    return 0.999


def _constant(knobs: Knobs, step: jax.Array) -> Knobs:
    return knobs


@dataclasses.dataclass(frozen=True, eq=False)
class Game:
    """A differentiable game as a value, equal to itself alone.

    Attributes:
      networks: by name.
      players: in the order of their turns.
      ema: networks whose parameters and variables are averaged over steps.
      ema_decay: ``(knobs, step) -> decay`` of that average.
      dynamics: ``None`` for alternating turns, else a joint update, see
        ``core.dynamics``; it needs ``updates_per_step == 1`` of every player.
      schedule: ``(knobs, step) -> knobs``, what they are at a step. The state keeps
        those that it began with.
      intervals: of the lazy terms, those that objectives take ``View.every`` so many
        steps. Whoever names them may have the step compiled for what is due.
      memory: ``key -> {name: pytree}``, the initial value of what objectives remember.
      sample: ``(apply, keys [n]) -> images [n, …]``, how the finished game generates;
        ``apply(network, *inputs, method=None)`` runs a network, or a method of its
        module, in evaluation mode. A ``Decoder`` where samples are made from latents.
      critic: ``(apply, samples [n, …], label [n] or None) -> scores [n]``, what the
        critic of samples says of them, where there is one; higher is more real.
      abilities: what else the finished game can do, by name, each ``(apply, x [n, …])
        -> [n, …]``: ``encode`` samples to latents, ``reconstruct`` them, ``read`` their
        codes, ``classify`` them (probabilities), say how anomalous they are
        (``anomaly``), ``translate`` them, or ``restore`` or ``interpolate`` what their
        reduction lost.
      standing: whether sampling takes the batch statistics of averaged networks anew,
        over samples, instead of their averages.
    """

    networks: Mapping[str, Network]
    players: tuple[Player, ...]
    ema: tuple[str, ...] = ("generator",)
    ema_decay: Callable[[Knobs, jax.Array], jax.Array | float] = _constant_decay
    dynamics: Callable | None = None
    schedule: Callable[[Knobs, jax.Array], Knobs] = _constant
    intervals: tuple[int, ...] = ()
    memory: Callable[[jax.Array], dict[str, Tree]] = lambda key: {}
    sample: Callable | None = None
    critic: Callable | None = None
    abilities: Mapping[str, Callable] = dataclasses.field(default_factory=dict)
    standing: bool = False

    def __post_init__(self):
        names = [player.name for player in self.players]
        if len(set(names)) != len(names):
            raise ValueError(f"two players share a name: {names}")
        for owner, wanted in [("ema", self.ema)] + [
            (p.name, p.owns) for p in self.players
        ]:
            missing = sorted(set(wanted) - set(self.networks))
            if missing:
                raise ValueError(
                    f"{owner} names networks {missing}; there are "
                    f"{sorted(self.networks)}"
                )
        if self.dynamics is not None:
            busy = [p.name for p in self.players if p.updates_per_step != 1]
            if busy:
                raise ValueError(f"joint dynamics take one update a step: {busy}")

    def finished(self, variables: Mapping[str, Tree]) -> Callable:
        """The ``apply`` of ``sample``, ``critic`` and ``abilities`` for variables by
        network."""

        def apply(network, *inputs, method=None):
            return self.networks[network](variables[network], *inputs, method=method)

        return apply

    def steady(self, variables: Mapping[str, Tree]) -> Callable:
        """As ``finished``, but what a network draws by its latent's bits (noise) is the
        same for every latent: for whoever compares neighbours, or descends on one.
        Such networks have a method ``as_of``, whose first input is drawn by."""
        apply = self.finished(variables)

        def same(network, *inputs, method=None):
            module = self.networks[network].module
            if method is None and hasattr(module, "as_of"):
                fixed = jnp.zeros_like(inputs[0])
                return apply(network, fixed, *inputs, method="as_of")
            return apply(network, *inputs, method=method)

        return same

    def generate(self, apply: Callable, keys: jax.Array, first: jax.Array | int):
        """``sample`` of a part of many keys, before which there are ``first``: what is
        asked for by label is asked for every class, however small the parts."""
        if isinstance(self.sample, Decoder):
            return self.sample(apply, keys, first)
        return self.sample(apply, keys)

    @property
    def rounds(self) -> int:
        """Sub-batches of real examples that one step takes."""
        return sum(p.updates_per_step for p in self.players if p.reads_data)
