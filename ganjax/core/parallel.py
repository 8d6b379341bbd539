"""Ways to run the same training step: on one device, over several devices, or for a
population, which is several runs trained in one program.

In all of them the step runs over a named axis, the data axis, whose devices share a
batch. With one device the axis has size one. The state has no axis for devices, so a
checkpoint does not depend on their number.
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

# With these options a dispatch on a GPU is one CUDA graph, loops and convolutions
# included, and its kernels may overlap. XLA's default graphs exclude both, so the host
# must launch the step of a small network in dozens of pieces. The results are bitwise
# identical, and a small convolutional step takes half the time.
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
    """Return a compiled ``(state, data) -> (state, metrics)`` of ``inner_steps`` steps.

    The call reuses the memory of its input state, so this state cannot be used again.
    Metrics have a leading axis ``[inner_steps]``, or ``[members, inner_steps]`` for a
    population.

    Args:
      step: from ``make_train_step``.
      devices: where to run; the first device if ``None``. Several devices share the
        batch, or the members of a population.
      inner_steps: number of steps in one call of the compiled function.
      population: ``None`` for a single run. A population is several runs (members)
        whose states ``stack_members`` joined. ``'vmap'`` runs its members together,
        ``'map'`` in sequence in one program, ``'serial'`` in sequence from the host.
        With ``'map'`` and ``'serial'`` each member is bitwise identical to the same run
        alone.
      resident: whether ``data`` is the whole data set, the same on every device
        (``replicate``), or only the examples of these steps (``split_batch``).
      carrier: JAX's function for several devices, ``'pmap'`` or ``'shard_map'``.
      axis: the axis name given to ``make_train_step``.
      intervals: the values n of lazy terms, which are computed only at every n-th step
        (``Game.intervals``). On one CPU device there are separate programs for steps
        with and without these terms, and the host chooses before each step: the
        gradient of a conditional would write and add zeros. Elsewhere the program has
        conditionals.
      compiler_options: options for XLA, in addition to ``XLA_FLAGS``; ``'pmap'`` takes
        none. ``None`` means ``ONE_GRAPH`` for one GPU, and no options elsewhere.

    Raises:
      ValueError: the population or the carrier is unknown, a population has data that
        are not resident, ``'serial'`` has several devices, or ``'pmap'`` has options.
    """
    devices = list(devices or jax.local_devices()[:1])
    if population is not None:
        if population not in POPULATIONS:
            raise ValueError(f"population={population!r}: expected {POPULATIONS}")
        if not resident:
            raise ValueError("a population needs resident data: resident=True")
    if carrier not in ("pmap", "shard_map"):
        raise ValueError(f"carrier={carrier!r}: expected 'pmap' or 'shard_map'")

    if compiler_options is None and len(devices) == 1:
        compiler_options = ONE_GRAPH if devices[0].platform == "gpu" else None
    options = {"donate_argnums": 0, "compiler_options": compiler_options}
    jit = functools.partial(jax.jit, **options)
    members = {"vmap": _together, "map": _in_turn}.get(population or "")

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
        raise ValueError(f"population='serial' needs one device, not {len(devices)}")
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
    """Return a dispatch that runs ``inner_steps`` single steps. The host knows the due
    terms and runs ``program(1, due)``, compiled at its first use. Inside a trace the
    step is unknown, so ``program(inner_steps)`` runs, with its conditionals."""
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
    """Bind the data axis on one device. With ``vmap`` a forgotten ``pmean`` is an error
    at trace time. ``pmap`` would not detect it."""
    in_axes = (None, None if resident else 0)
    return jax.vmap(body, in_axes, None, axis_name=axis, axis_size=1)


def _batch_over_pmap(many, devices, resident, axis):
    pmap = functools.partial(jax.pmap, axis_name=axis, out_axes=None, devices=devices)
    if not resident:
        return pmap(many, in_axes=(None, 0), donate_argnums=0)
    # pmap needs an argument with a mapped axis, but all arguments here are shared.
    mapped = pmap(
        lambda slot, state, data: many(state, data),
        in_axes=(0, None, None),
        donate_argnums=1,
    )
    return functools.partial(mapped, np.arange(len(devices)))


def _batch_over(many, devices, resident, axis):
    def body(state, data):
        return many(state, data if resident else jax.tree.map(lambda x: x[0], data))

    # With check_vma=True the gradients of replicated parameters are already summed, and
    # the average in the step would be wrong.
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
            # The barrier prevents XLA from fusing this member's operations with others.
            # Such fusion would round differently from the solo program.
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
    """Return the sharding of a population: all leaves except ``step`` over devices."""
    return _member_axes(P("member")).replace(step=P())


def _one_by_one(solo):
    def members(states, data):
        rows, step = [], None
        for i in range(states.key.shape[0]):
            own, metrics = solo(member(states, i), data)
            states, step = _put_member(states, own, i), own.step
            rows.append(metrics)
        metrics = jax.tree.map(lambda *x: jnp.stack(x), *rows)
        return states.replace(step=step), metrics

    return members


def spread_members(states: GameState, devices: Sequence[jax.Device]) -> GameState:
    """Spread a population over devices, as the compiled step expects it.

    A population is the joined states of several runs, its members (``stack_members``).
    Each device gets the same number of members.

    Raises:
      ValueError: if the number of devices does not divide the number of members.
    """
    if len(devices) == 1:
        return jax.device_put(states, devices[0])
    count = states.key.shape[0]
    if count % len(devices):
        raise ValueError(f"{count} members do not divide among {len(devices)} devices")

    def put(spec, part):
        return jax.device_put(part, _sharding(devices, "member", spec))

    specs = _member_specs()
    return jax.tree.map(put, specs, states, is_leaf=lambda x: isinstance(x, P))


def _sharding(devices, axis, spec):
    return NamedSharding(Mesh(np.asarray(devices), (axis,)), spec)


def stack_members(states: Sequence[GameState]) -> GameState:
    """Join the states of several runs into a population, which one program trains.
    Every array gets a leading axis with one entry per run, except ``step``, which is
    shared.

    Raises:
      ValueError: if the runs are not at the same step.
    """
    steps = sorted({int(state.step) for state in states})
    if len(steps) != 1:
        raise ValueError(f"members are at different steps: {steps}")
    # On the host: a program with a parameter for each leaf of each run would take
    # minutes to compile for many runs.
    stacked = jax.tree.map(_stacked, *[state.replace(step=None) for state in states])
    return stacked.replace(step=jnp.copy(states[0].step))


def _stacked(*leaves):
    if jnp.issubdtype(leaves[0].dtype, jax.dtypes.prng_key):
        data = _stacked(*map(jax.random.key_data, leaves))
        return jax.random.wrap_key_data(data, impl=jax.random.key_impl(leaves[0]))
    return jnp.asarray(np.stack([np.asarray(x) for x in leaves]))


def member(states: GameState, index: int) -> GameState:
    """Return run ``index`` of a population (from ``stack_members``) as a separate
    state."""
    own = _take(states.replace(step=None), index)
    return own.replace(step=jnp.copy(states.step))


# One program for all leaves: a separate program for each leaf would take seconds.
@jax.jit
def _take(states, index):
    return jax.tree.map(lambda x: x[index], states)


@functools.partial(jax.jit, donate_argnums=0)
def _put_rows(states, own, index):
    return jax.tree.map(lambda x, y: x.at[index].set(y), states, own)


def _put_member(states, own, index):
    """Replace run ``index`` of a population. The arrays of ``states`` are reused."""
    parts = states.replace(step=None), own.replace(step=None)
    return _put_rows(*parts, index).replace(step=states.step)


def replicate(tree: Tree, devices: Sequence[jax.Device]) -> Tree:
    """Put a copy of ``tree`` on every device. A step whose inputs are always placed in
    this way compiles only once."""
    if len(devices) == 1:
        return jax.device_put(tree, devices[0])
    return _put(tree, _sharding(devices, "data", P()))


def _put(tree, sharding):
    """Put ``tree`` on devices, also of other processes. Each process has all of it."""
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
    """Return this process's copy of a ``tree`` that ``replicate`` put on the devices of
    all processes."""
    return jax.tree.map(lambda x: x.addressable_data(0), tree)


def split_batch(batches: Sequence[Tree], devices: Sequence[jax.Device]) -> Tree:
    """Return the ``data`` of a compiled step with ``resident=False``, spread over
    devices.

    Args:
      batches: for each step one batch on the host, ``[rounds, batch, …]``, with one
        round for each update that reads data.

    Returns:
      ``[devices, steps, rounds, batch / devices, …]``.
    """
    n = len(devices)

    def arrange(*steps):
        x = np.stack(steps)
        x = x.reshape(x.shape[:2] + (n, x.shape[2] // n) + x.shape[3:])
        return np.moveaxis(x, 2, 0)

    arranged = jax.tree.map(arrange, *batches)
    if n == 1:
        return jax.device_put(arranged, devices[0])
    return _put(arranged, _sharding(devices, "data", P("data")))
