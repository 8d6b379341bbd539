"""Carriers: the same step on one device, over devices, over a population.

The data axis is always bound, so one step serves every carrier unchanged. The state has
no device axis: a checkpoint does not know how many devices wrote it.
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

from ganjax.core.loop import loop
from ganjax.core.state import GameState

Tree = Any
POPULATIONS = ("vmap", "map", "serial")

# A dispatch on a GPU is one CUDA graph, loops and convolutions included, whose kernels
# may overlap. XLA's own graphs leave both out, which cuts the step of a small network
# into dozens of pieces, each launched from the host. The numbers are the same, bit for
# bit; a small convolutional step takes half the time.
ONE_GRAPH = {
    "xla_gpu_enable_command_buffer": "FUSION,CUBLAS,CUBLASLT,CUDNN,CUSTOM_CALL,"
    "CONVOLUTION,COLLECTIVES,CONDITIONAL,WHILE,DYNAMIC_SLICE_FUSION",
    "xla_gpu_graph_min_graph_size": 1,
    "xla_gpu_command_buffer_scheduling_mode": "CONCURRENT",
}


def compile_step(
    step: Callable, *, devices: Sequence[jax.Device] | None = None,
    inner_steps: int = 1, population: str | None = None, resident: bool = True,
    carrier: str = "pmap", axis: str = "data", intervals: Sequence[int] = (),
    compiler_options: Mapping[str, object] | None = None,
) -> Callable[[GameState, Any], tuple[GameState, dict[str, jax.Array]]]:  # fmt: skip
    """A compiled ``(state, data) -> (state, metrics)`` that advances ``inner_steps``.

    The incoming state is donated. Metrics carry a leading axis ``[inner_steps]``, and
    ``[members, inner_steps]`` for a population.

    Args:
      step: from ``make_train_step``.
      devices: where to run; the first device if ``None``. Without a population the
        batch is spread over them; with one, its members are.
      inner_steps: steps in one dispatch.
      population: ``None``, or how a state with a leading member axis on every leaf but
        ``step`` runs (see ``stack_members``): ``'vmap'`` together, ``'map'`` one after
        another in one program, ``'serial'`` one after another from the host. A member
        under ``'map'`` and ``'serial'`` equals its solo run exactly.
      resident: whether ``data`` is the whole data set, the same on every device
        (``replicate``), or the examples of just these steps (``split_batch``).
      carrier: ``'pmap'`` or ``'shard_map'`` where there are several devices.
      axis: the name given to ``make_train_step``.
      intervals: the game's. On one CPU device the host then chooses, step by step,
        between programs with and without what is due, as the gradient of a conditional
        is zeros that are written and added; elsewhere conditionals decide.
      compiler_options: for XLA, beside ``XLA_FLAGS``; ``'pmap'`` takes none. ``None``
        are ``ONE_GRAPH`` for one GPU, and none elsewhere.

    Raises:
      ValueError: for an unknown population or carrier, a population of streamed data,
        ``'serial'`` over several devices, or options for ``'pmap'``.
    """
    devices = list(devices or jax.local_devices()[:1])
    if population is not None:
        if population not in POPULATIONS:
            raise ValueError(f"population={population!r}: one of {POPULATIONS}")
        if not resident:
            raise ValueError("a population needs resident data")
    if carrier not in ("pmap", "shard_map"):
        raise ValueError(f"carrier={carrier!r}: 'pmap' or 'shard_map'")

    if compiler_options is None and len(devices) == 1:
        compiler_options = ONE_GRAPH if devices[0].platform == "gpu" else None
    options = {"donate_argnums": 0, "compiler_options": compiler_options}
    jit = functools.partial(jax.jit, **options)
    members = {"vmap": _together, "map": _in_turn}.get(population)

    def dispatch(inner_steps, due=None):
        many = _repeat(step, inner_steps, resident, due)
        return members(many) if members else many

    if len(devices) == 1:

        def program(*of):
            return jit(_bind_axis(dispatch(*of), resident, axis))

        advance = program(inner_steps)
        if intervals and devices[0].platform == "cpu":
            advance = _step_by_step(program, inner_steps, resident, intervals)
        return _one_by_one(advance) if population == "serial" else advance
    many = dispatch(inner_steps)
    if population == "serial":
        raise ValueError("a serial population runs on one device")
    if members:
        return jit(_members_over(many, devices, axis))
    if carrier == "pmap":
        if compiler_options:
            raise ValueError("carrier='pmap' takes no compiler options")
        return _batch_over_pmap(many, devices, resident, axis)
    return jit(_batch_over(many, devices, resident, axis))


def _repeat(step, inner_steps, resident, due=None):
    def many(state, data):
        def body(state, examples):
            return step(state, data if resident else examples, due)

        return loop(body, state, None if resident else data, inner_steps)

    return many


def _step_by_step(program, inner_steps, resident, intervals):
    """A dispatch as so many of one step each, by ``program(1, due)`` of what the host
    knows to be due, compiled when it first is; the whole ``program(inner_steps)``, with
    its conditionals, where the step is not known because all this is only traced."""
    decided = program(inner_steps)
    single = functools.cache(functools.partial(program, 1))

    def advance(state, data):
        if isinstance(state.step, jax.core.Tracer):
            return decided(state, data)
        first, rows = int(state.step), []
        for i in range(inner_steps):
            due = frozenset(n for n in intervals if (first + i + 1) % n == 0)
            examples = data if resident else _one_step_of(data, i)
            state, metrics = single(due)(state, examples)
            rows.append(metrics)
        return state, _in_sequence(rows)

    return advance


def _one_step_of(data, i):
    return jax.tree.map(lambda x: x[:, i : i + 1], data)


@jax.jit
def _in_sequence(rows):
    return jax.tree.map(lambda *x: jnp.concatenate(x, axis=-1), *rows)


def _bind_axis(body, resident, axis):
    """The data axis of one device. Under ``vmap`` a forgotten ``pmean`` is an error at
    trace time, which ``pmap`` would not notice."""
    in_axes = (None, None if resident else 0)
    return jax.vmap(body, in_axes, None, axis_name=axis, axis_size=1)


def _batch_over_pmap(many, devices, resident, axis):
    pmap = functools.partial(jax.pmap, axis_name=axis, out_axes=None, devices=devices)
    if not resident:
        return pmap(many, in_axes=(None, 0), donate_argnums=0)
    # pmap wants an argument with a mapped axis, and here every one is shared.
    mapped = pmap(
        lambda slot, state, data: many(state, data),
        in_axes=(0, None, None),
        donate_argnums=1,
    )
    return functools.partial(mapped, np.arange(len(devices)))


def _batch_over(many, devices, resident, axis):
    def body(state, data):
        return many(state, data if resident else jax.tree.map(lambda x: x[0], data))

    # check_vma=False: with it on, gradients of replicated parameters arrive already
    # summed and the step's own average would be wrong.
    return jax.shard_map(
        body,
        mesh=Mesh(np.asarray(devices), (axis,)),
        in_specs=(P(), P() if resident else P(axis)),
        out_specs=P(),
        check_vma=False,
    )


def _member_axes(value):
    fields = {field.name: value for field in dataclasses.fields(GameState)}
    return GameState(**{**fields, "step": None})


def _together(many):
    # ``step`` is not batched: a conditional on it stays a conditional.
    axes = _member_axes(0)
    return jax.vmap(many, in_axes=(axes, None), out_axes=(axes, 0))


def _in_turn(many):
    def members(states, data):
        def member(_, own):
            # The barrier keeps XLA from fusing across the member's edge, which would
            # round differently from the solo program.
            seen = own.replace(step=states.step), data
            done = many(*jax.lax.optimization_barrier(seen))
            state, metrics = jax.lax.optimization_barrier(done)
            return state.step, (state.replace(step=None), metrics)

        each, count = states.replace(step=None), states.key.shape[0]
        step, (stacked, metrics) = loop(member, states.step, each, count)
        return stacked.replace(step=step), metrics

    return members


def _members_over(members, devices, axis):
    specs = _member_specs()
    return jax.shard_map(
        _bind_axis(members, True, axis),
        mesh=Mesh(np.asarray(devices), ("member",)),
        in_specs=(specs, P()),
        out_specs=(specs, P("member")),
        check_vma=False,
    )


def _member_specs():
    """Of a population's leaves: every one over the devices, but for ``step``."""
    return _member_axes(P("member")).replace(step=P())


def _one_by_one(solo):
    def members(states, data):
        count = states.key.shape[0]
        done = [solo(member(states, i), data) for i in range(count)]
        advanced, metrics = zip(*done, strict=True)
        return stack_members(advanced), jax.tree.map(lambda *x: jnp.stack(x), *metrics)

    return members


def spread_members(states: GameState, devices: Sequence[jax.Device]) -> GameState:
    """A population with its members over the devices, where a step expects them.

    Raises:
      ValueError: if the members do not divide among the devices.
    """
    if len(devices) == 1:
        return jax.device_put(states, devices[0])
    count = states.key.shape[0]
    if count % len(devices):
        raise ValueError(f"{count} members over {len(devices)} devices")

    def put(spec, part):
        return jax.device_put(part, _sharding(devices, "member", spec))

    specs = _member_specs()
    return jax.tree.map(put, specs, states, is_leaf=lambda x: isinstance(x, P))


def _sharding(devices, axis, spec):
    return NamedSharding(Mesh(np.asarray(devices), (axis,)), spec)


def stack_members(states: Sequence[GameState]) -> GameState:
    """A population: every leaf but ``step``, which is shared, gets a member axis first.

    Raises:
      ValueError: if the members are not at the same step.
    """
    steps = sorted({int(state.step) for state in states})
    if len(steps) != 1:
        raise ValueError(f"members stand at different steps: {steps}")
    stacked = _stack([state.replace(step=None) for state in states])
    return stacked.replace(step=jnp.copy(states[0].step))


def member(states: GameState, index: int) -> GameState:
    """Member ``index`` of a population, as a state of its own."""
    own = _take(states.replace(step=None), index)
    return own.replace(step=jnp.copy(states.step))


# Compiled as a whole: a program a leaf would take seconds.
@jax.jit
def _stack(states):
    return jax.tree.map(lambda *x: jnp.stack(x), *states)


@jax.jit
def _take(states, index):
    return jax.tree.map(lambda x: x[index], states)


def replicate(tree: Tree, devices: Sequence[jax.Device]) -> Tree:
    """``tree`` on every device, so that the first call does not compile twice."""
    if len(devices) == 1:
        return jax.device_put(tree, devices[0])
    return _put(tree, _sharding(devices, "data", P()))


def _put(tree, sharding):
    """On devices of which other processes may hold some; each has the whole tree."""
    if sharding.is_fully_addressable:
        return jax.device_put(tree, sharding)

    def leaf(x):
        if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
            data = leaf(jax.random.key_data(x))
            return jax.random.wrap_key_data(data, impl=jax.random.key_impl(x))
        x = np.asarray(x)
        return jax.make_array_from_callback(x.shape, sharding, lambda i: x[i])

    return jax.tree.map(leaf, tree)


def local_copy(tree: Tree) -> Tree:
    """A replicated ``tree`` as this process holds it."""
    return jax.tree.map(lambda x: x.addressable_data(0), tree)


def split_batch(batches: Sequence[Tree], devices: Sequence[jax.Device]) -> Tree:
    """Host batches of consecutive steps, each ``[rounds, batch, …]``, as what a
    streamed step takes: ``[devices, steps, rounds, local, …]``, spread over devices."""
    n = len(devices)

    def arrange(*steps):
        x = np.stack(steps)
        x = x.reshape(x.shape[:2] + (n, x.shape[2] // n) + x.shape[3:])
        return np.moveaxis(x, 2, 0)

    arranged = jax.tree.map(arrange, *batches)
    if n == 1:
        return jax.device_put(arranged, devices[0])
    return _put(arranged, _sharding(devices, "data", P("data")))
