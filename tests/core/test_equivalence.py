"""A step gives the same state with every carrier."""

import functools
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import (
    compile_step,
    init_state,
    make_train_step,
    member,
    replicate,
    sample_keys,
    stack_members,
)
from tests import tiny
from tests.compilations import count_compilations

WITH_CONVOLUTIONS = (
    "convolutional",
    "text_to_image",
    "style_transfer",
    "adversarial_style_transfer",
)
# The gradient of CTGAN's logits is a sum of the critic's gradient and of the price of
# the condition. Inside a loop XLA rounds this sum in another way. With the weight 0 of
# the price the bits are equal.
ROUNDED = ("ctgan",)
# Games of tables, molecules, time series and sentences.
RECORDS = (
    "ctgan", "gain", "private_gan", "pate_gan", "molgan", "timegan", "recurrent",
    "word_gan",
)  # fmt: skip
MLP_GAMES = [x for x in tiny.GAMES if x not in (*WITH_CONVOLUTIONS, *ROUNDED)]


@functools.cache
def plain(name):
    return tiny.setup(name, **tiny.sgd(name))


def start(setup, seed=0, **knobs):
    return init_state(setup.game, jax.random.key(seed), {**setup.knobs, **knobs})


@functools.lru_cache(maxsize=4)
def _compiled(game, batch, **carrier):
    return compile_step(make_train_step(game, batch=batch), **carrier)


# Without --full, XLA generates code in a faster way (see conftest.py), and two carriers
# may round the same sum differently. These options select the emitters of a user's run.
SHIPPED = (
    {"xla_cpu_use_fusion_emitters": True} if jax.__version_info__ < (0, 11) else {}
)


def as_shipped(compiled, *arguments):
    return compiled.lower(*arguments).compile(SHIPPED)


def advance(setup, steps, state=None, exact=False, **carrier):
    """The state and metrics after ``steps`` steps, in dispatches of ``inner_steps``."""
    devices = carrier.get("devices") or jax.local_devices()[:1]
    inner = carrier.get("inner_steps", 1)
    carrier = {**carrier, "devices": tuple(devices)}
    compiled = _compiled(setup.game, setup.feed.batch, **carrier)
    state = replicate(state or start(setup), devices)
    data = replicate(setup.feed.data, devices)
    if exact:
        compiled = as_shipped(compiled, state, data)
    state, metrics = compiled(state, data)
    with count_compilations() as compilations:
        for _ in range(steps // inner - 1):
            state, metrics = compiled(state, data)
    assert compilations == [], "a step compiles once"
    return state, metrics


def largest_difference(a, b):
    """The largest difference of parameters, variables, averages and memory."""
    parts = ("params", "variables", "ema", "memory")
    gaps = jax.tree.map(
        lambda x, y: float(np.max(np.abs(np.asarray(x) - np.asarray(y)), initial=0)),
        [getattr(a, part) for part in parts],
        [getattr(b, part) for part in parts],
    )
    return max(jax.tree.leaves(gaps))


def assert_same_bits(a, b):
    jax.tree.map(
        lambda x, y: np.testing.assert_array_equal(np.asarray(x), np.asarray(y)),
        a.replace(key=jax.random.key_data(a.key)),
        b.replace(key=jax.random.key_data(b.key)),
    )


@pytest.mark.parametrize(
    "name",
    [
        # The carriers treat the other games like the plain GAN.
        pytest.param(name, marks=() if name == "gan" else pytest.mark.full)
        for name in MLP_GAMES
    ],
)
def test_scan_equals_steps_exactly(name):
    scanned, rows = advance(plain(name), 6, exact=True, inner_steps=6)
    stepped, last = advance(plain(name), 6, exact=True)
    assert_same_bits(scanned, stepped)
    for metric, values in rows.items():
        assert values.shape == (6,)
        np.testing.assert_array_equal(values[-1], last[metric][0])


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name == "convolutional" else pytest.mark.full)
        for name in WITH_CONVOLUTIONS
    ],
)
def test_scan_with_convolutions_agrees(name):
    scanned, _ = advance(plain(name), 5, inner_steps=5)
    stepped, _ = advance(plain(name), 5)
    assert largest_difference(scanned, stepped) < 1e-4


@pytest.mark.full
@pytest.mark.parametrize("name", ROUNDED)
def test_scan_agrees_up_to_rounding(name):
    scanned, _ = advance(plain(name), 4, exact=True, inner_steps=4)
    stepped, _ = advance(plain(name), 4, exact=True)
    assert largest_difference(scanned, stepped) < TOLERANCE[name]


@pytest.mark.full
def test_ctgan_without_the_price_of_a_condition_scans_exactly():
    setup = tiny.setup("ctgan", **tiny.sgd("ctgan"), weights__condition=0.0)
    scanned, _ = advance(setup, 4, exact=True, inner_steps=4)
    stepped, _ = advance(setup, 4, exact=True)
    assert_same_bits(scanned, stepped)


# After four steps of SGD. The differences are rounding in another order of summation.
TOLERANCE = {name: 2e-6 for name in tiny.GAMES} | {"cyclegan": 1e-5}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(
            name,
            marks=() if name in ("gan", "convolutional") else pytest.mark.full,
        )
        for name in tiny.GAMES
    ],
)
def test_devices_and_carriers_agree(name, request):
    setup = plain(name)
    one, _ = advance(setup, 4)
    carriers = tuple(itertools.product((2, 4), ("pmap", "shard_map")))
    if not request.config.getoption("--full"):
        carriers = carriers[3:] if name == "convolutional" else carriers[:1]
    for n, carrier in carriers:
        many, _ = advance(setup, 4, devices=jax.local_devices()[:n], carrier=carrier)
        assert largest_difference(one, many) < TOLERANCE[name], (n, carrier)


_SMALL = {"generator": {"widths": (8,)}, "discriminator": {"widths": (8,)}}
_DESCENT = {
    player: {"name": "sgd", "learning_rate": 0.02, "b1": 0.0}
    for player in ("generator", "discriminator")
}
# Options that use the whole batch, keep a memory, or change the number of samples.
WHOLE_BATCH = {
    "compared": {
        "conditioning": {"discriminator": "contrastive"},
        "loss": {"name": "hinge", "top_k": 0.5},
        "terms": {"lecam": {"weight": 0.1}, "feature_matching": {"weight": 0.1}},
        "augmentation": {"names": ("flip",), "adaptive": True, "speed": 0.1},
    },
    "packed": {
        "packing": 2,
        "loss": {"name": "relativistic_average"},
        "augmentation": {"pseudo": True, "probability": 0.3, "noise": 0.1},
        "regularizers": {"r2": {"weight": 0.1, "interval": 2, "apart": True}},
        "dynamics": {"name": "consensus", "strength": 0.1},
    },
    "ahead": {
        "conditioning": {"discriminator": "data_to_data"},
        "terms": {"path_length": {"weight": 0.1}},
        "regularizers": {"r1": {"weight": 0.1, "interval": 2, "apart": True}},
        "latents": {"size": 4, "optimisation": 0.5},
    },
    "unrolled": {
        "conditioning": {"discriminator": "data_to_data"},
        "terms": {"path_length": {"weight": 0.1}},
        "latents": {"size": 4, "optimisation": 0.5},
        "dynamics": {"name": "unrolled", "steps": 2},
    },
}


@pytest.mark.parametrize(
    "name",
    [
        "ahead",
        *(
            pytest.param(n, marks=pytest.mark.full)
            for n in ("compared", "packed", "unrolled")
        ),
    ],
)
def test_axes_of_an_ablation_do_not_depend_on_devices(name):
    setup = build(
        resolve(
            {
                "game": "conditional_gan",
                "data": {"name": "digits"},
                "batch_size": 8,
                "latents": {"size": 4},
                "networks": _SMALL,
                "optimizers": _DESCENT,
                **WHOLE_BATCH[name],
            }
        )
    )
    one, _ = advance(setup, 4)
    many, _ = advance(setup, 4, devices=jax.local_devices()[:4])
    assert largest_difference(one, many) < 5e-6


@pytest.mark.parametrize("devices", [2, 4])
def test_samples_keys_do_not_depend_on_devices(devices):
    key = jax.random.key(0)
    spread = jax.vmap(
        lambda _: jax.random.key_data(sample_keys(key, 8 // devices, "data")),
        axis_name="data",
        axis_size=devices,
        in_axes=None,
        out_axes=0,
    )(0.0)
    alone = jax.random.key_data(sample_keys(key, 8))
    np.testing.assert_array_equal(spread.reshape(alone.shape), alone)


@pytest.mark.parametrize(
    "name, how",
    [
        ("gan", "map"),
        ("gan", "serial"),
        pytest.param("convolutional", "map", marks=pytest.mark.full),
        pytest.param("convolutional", "serial", marks=pytest.mark.full),
        pytest.param("cyclegan", "map", marks=pytest.mark.full),
        pytest.param("cyclegan", "serial", marks=pytest.mark.full),
        pytest.param("inpainting", "map", marks=pytest.mark.full),
        pytest.param("inpainting", "serial", marks=pytest.mark.full),
        pytest.param("text_to_image", "map", marks=pytest.mark.full),
        pytest.param("style_transfer", "map", marks=pytest.mark.full),
        *(pytest.param(name, "map", marks=pytest.mark.full) for name in RECORDS),
    ],
)
def test_member_in_turn_equals_its_solo_run_exactly(name, how):
    setup = plain(name)
    weight = "ema.decay"
    settings = [{"seed": 0, weight: 0.9}, {"seed": 5, weight: 0.5}]
    exact = how == "map"  # serial members run the program of a solo run
    solos = [
        advance(setup, 4, start(setup, **s), exact=exact, inner_steps=2)[0]
        for s in settings
    ]
    states = stack_members([start(setup, **s) for s in settings])
    step = make_train_step(setup.game, batch=setup.feed.batch)
    compiled = compile_step(step, inner_steps=2, population=how)
    if exact:
        compiled = as_shipped(compiled, states, setup.feed.data)
    for _ in range(2):
        states, metrics = compiled(states, setup.feed.data)
    assert next(iter(metrics.values())).shape == (2, 2)
    for i, solo in enumerate(solos):
        assert_same_bits(member(states, i), solo)


@pytest.mark.parametrize("devices", [pytest.param(1, marks=pytest.mark.full), 2])
def test_members_together_agree_with_solo_runs(devices):
    """Members of one compiled program have different learning rates and betas. With a
    relativistic loss, or a hinge loss inside its margin, the gradient of the last bias
    would be 0 up to rounding, and Adam would turn the rounding into a full step."""
    setup = tiny.setup("gan", loss__name="non_saturating")
    rate, beta = "optimizers.generator.learning_rate", "optimizers.discriminator.b1"
    settings = [{"seed": i, rate: 1e-3 * (i + 1), beta: 0.1 * i} for i in range(4)]
    solos = [advance(setup, 4, start(setup, **s))[0] for s in settings]
    states = stack_members([start(setup, **s) for s in settings])
    compiled = compile_step(
        make_train_step(setup.game, batch=setup.feed.batch),
        population="vmap",
        devices=jax.local_devices()[:devices],
    )
    for _ in range(4):
        states, _ = compiled(states, setup.feed.data)
    for i, solo in enumerate(solos):
        assert largest_difference(member(states, i), solo) < 1e-6
    assert int(states.step) == 4


@pytest.mark.full
def test_compiled_gradient_equals_eager():
    """An error in XLA's fusions would fail this test."""
    setup = plain("relativistic")
    step = make_train_step(setup.game, batch=setup.feed.batch)

    def bound(state):
        return jax.vmap(
            step, in_axes=(None, None), out_axes=None, axis_name="data", axis_size=1
        )(state, setup.feed.data)

    compiled, _ = jax.jit(bound)(start(setup))
    with jax.disable_jit():
        eager, _ = bound(start(setup))
    assert largest_difference(compiled, eager) < 1e-5


def test_lazy_term_is_due_at_every_interval_only():
    setup = tiny.setup(
        "gan", regularizers__r1__weight=0.1, regularizers__r1__interval=3
    )
    _, metrics = advance(setup, 6, inner_steps=6)
    due = np.asarray(metrics["discriminator/r1"]) > 0
    np.testing.assert_array_equal(due, [False, False, True, False, False, True])


def test_lazy_term_stays_a_conditional_in_a_population():
    """The condition depends on the step, which all members share. With a select in
    place of the conditional, both branches would run."""
    setup = tiny.setup(
        "gan", regularizers__r1__weight=0.1, regularizers__r1__interval=3
    )
    two = jax.eval_shape(lambda: start(setup))
    two = jax.tree.map(lambda x: jax.ShapeDtypeStruct((2, *x.shape), x.dtype), two)
    states = two.replace(step=jax.ShapeDtypeStruct((), two.step.dtype))
    compiled = compile_step(
        make_train_step(setup.game, batch=setup.feed.batch), population="vmap"
    )
    text = compiled.lower(states, setup.feed.data).as_text()
    assert "stablehlo.case" in text or "stablehlo.if" in text


def test_a_lazy_term_that_is_foreseen_agrees_with_a_conditional():
    """A dispatch has two steps, and the term is due at every third step. There is one
    program with the term and one program without it."""
    setup = tiny.setup(
        "gan",
        **tiny.sgd("gan"),
        regularizers__r1__weight=0.1,
        regularizers__r1__interval=3,
    )
    assert setup.game.intervals == (3,)
    step = make_train_step(setup.game, batch=setup.feed.batch)
    found = {}
    for intervals, programs in (((), 1), (setup.game.intervals, 2)):
        compiled = compile_step(step, inner_steps=2, intervals=intervals)
        state = replicate(start(setup), jax.local_devices()[:1])
        data = replicate(setup.feed.data, jax.local_devices()[:1])
        due = []
        with count_compilations() as compilations:
            for _ in range(6):
                state, metrics = compiled(state, data)
                due.extend(np.asarray(metrics["discriminator/r1"]) > 0)
        assert due == [False, False, True] * 4
        assert len([name for name in compilations if "many" in name]) == programs
        found[intervals] = state
    assert largest_difference(*found.values()) < 1e-5


def test_a_streamed_dispatch_is_taken_step_by_step():
    """A dispatch reads three numbers, one per step. Steps count from 1, and a term with
    interval 2 is due at even steps."""

    def step(state, data, due):
        seen = jax.lax.pmean(data, "data")
        metrics = {"seen": seen, "due": jnp.asarray(2 in due)}
        return state.replace(step=state.step + 1), metrics

    compiled = compile_step(step, inner_steps=3, resident=False, intervals=(2,))
    state = start(tiny.setup("gan"))
    for due in ([False, True, False], [True, False, True]):
        data = jnp.array([[2.0, 3.0, 5.0]])
        state, metrics = compiled(state, data)
        np.testing.assert_array_equal(metrics["seen"], data[0])
        np.testing.assert_array_equal(metrics["due"], due)
    assert int(state.step) == 6


@pytest.mark.full
@pytest.mark.parametrize("how", ["map", "serial"])
def test_a_member_with_a_lazy_term_equals_its_solo_run_exactly(how):
    weight = {"regularizers__r1__weight": 0.1, "regularizers__r1__interval": 3}
    setup = tiny.setup("convolutional", **tiny.sgd("convolutional"), **weight)
    step = make_train_step(setup.game, batch=setup.feed.batch)
    states = stack_members([start(setup, seed) for seed in range(2)])
    of = {"inner_steps": 2, "intervals": setup.game.intervals}
    compiled = compile_step(step, population=how, **of)
    for _ in range(2):
        states, metrics = compiled(states, setup.feed.data)
    assert metrics["discriminator/r1"].shape == (2, 2)
    for seed in range(2):
        solo = start(setup, seed)
        for _ in range(2):
            solo, _ = compile_step(step, **of)(solo, setup.feed.data)
        assert_same_bits(member(states, seed), solo)


@pytest.mark.full
def test_a_lazy_term_keeps_its_mean_strength():
    """With small steps, SGD moves equally far by a term of weight 3·w at every third
    step and by a term of weight w at every step, to first order."""
    step = {
        "optimizers__discriminator__learning_rate": 1e-4,
        "optimizers__generator__learning_rate": 0.0,
    }
    moved = {}
    for weight, interval in ((0.0, 1), (50.0, 1), (50.0, 3)):
        setup = tiny.setup(
            "gan",
            **{**tiny.sgd("gan"), **step},
            networks__discriminator__normalization="none",
            regularizers__r1__weight=weight,
            regularizers__r1__interval=interval,
        )
        moved[weight, interval] = advance(setup, 3)[0].params["discriminator"]
    flat = {
        k: jnp.concatenate([x.ravel() for x in jax.tree.leaves(v)])
        for k, v in moved.items()
    }
    every = flat[50.0, 1] - flat[0.0, 1]
    lazy = flat[50.0, 3] - flat[0.0, 1]
    cosine = every @ lazy / (jnp.linalg.norm(every) * jnp.linalg.norm(lazy))
    np.testing.assert_allclose(
        jnp.linalg.norm(lazy) / jnp.linalg.norm(every), 1, atol=0.3
    )
    assert cosine > 0.9
