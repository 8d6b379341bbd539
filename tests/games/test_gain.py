"""Losses of GAIN, calculated by hand.

The generator's output before the sigmoid is 0, so every imputed value is ½. The
discriminator's logits are its first two inputs, the filled row, times 2.
"""

import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.games.gain import _hints, gain
from tests import tiny
from tests.games.by_hand import made, paid

X = np.array([[0.25, 0.0], [1.0, 0.75]], np.float32)
MASK = np.array([[1, 0], [1, 1]], np.float32)
BATCH = {"data": X, "known": MASK}
FILLED = np.array([[0.25, 0.5], [1.0, 0.75]])
HINTS = np.array([[1, 0], [0, 1]], np.float32)
DRAWN = {"noise": np.zeros((2, 2), np.float32), "hint": HINTS}
KNOBS = {"weights.reconstruction": 10.0}


def game(hint, discriminator=lambda x: 2 * x[:, :2]):
    functions = {
        "generator": lambda x: jnp.zeros((len(x), 2)),
        "discriminator": discriminator,
    }
    options = {"hint": hint, "hint_rate": 0.9}
    form = types.SimpleNamespace(kind="table", encoding="range")
    return made(gain, functions, shape=(2,), options=options, form=form)


def log_sigmoid(x):
    return -np.log1p(np.exp(-x))


LOGITS = 2 * FILLED
PRICE = -(MASK * log_sigmoid(LOGITS) + (1 - MASK) * log_sigmoid(-LOGITS))
FOOLING = -(1 - MASK) * log_sigmoid(LOGITS)


@pytest.mark.parametrize(
    ("hint", "counted"), [("rate", np.ones((2, 2))), ("one", 1 - HINTS)]
)
def test_losses_by_hand(hint, counted):
    loss, metrics, _ = paid(game(hint)[0], "discriminator", BATCH, drawn=DRAWN)
    np.testing.assert_allclose(loss, (counted * PRICE).sum() / counted.sum(), 1e-5)
    np.testing.assert_allclose(metrics["accuracy"], 0.75)  # the filled value has 1
    loss, metrics, _ = paid(game(hint)[0], "generator", BATCH, drawn=DRAWN, knobs=KNOBS)
    fooling = (counted * FOOLING).sum() / counted.sum()
    error = ((0.25 - 0.5) ** 2 + (1 - 0.5) ** 2 + (0.75 - 0.5) ** 2) / 3
    np.testing.assert_allclose(metrics["fooling"], fooling, rtol=1e-5)
    np.testing.assert_allclose(metrics["reconstruction"], error, rtol=1e-6)
    np.testing.assert_allclose(loss, fooling + 10 * error, rtol=1e-5)


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("rate", [[1, 0.5], [0.5, 1]]),
        ("one", [[1, 0.5], [0.5, 1]]),
        ("masked", [[1, 0], [0, 1]]),
    ],
)
def test_hints_by_hand(hint, shown):
    """Where the hint shows a value, the discriminator sees its mask, elsewhere ½, or 0
    in the authors' code. The mask of the last value of the first row is 0."""
    noted = []

    def note(x):
        jax.debug.callback(lambda value: noted.append(np.asarray(value)), x)
        return 2 * x[:, :2]

    paid(game(hint, note)[0], "discriminator", BATCH, drawn=DRAWN)
    jax.effects_barrier()
    wanted = np.concatenate([FILLED, np.array(shown)], axis=1)
    np.testing.assert_allclose(noted[0].reshape(2, 4), wanted)


def test_the_generator_sees_known_values_noise_and_the_mask():
    sampler = game("rate")[1]
    inputs = []

    def apply(network, x):
        inputs.append(np.asarray(x))
        return jnp.zeros((len(x), 2))

    rows = np.concatenate([X, MASK, np.full((2, 2), 0.5)], axis=1).astype(np.float32)
    filled = sampler.abilities["impute"](apply, rows)
    np.testing.assert_allclose(filled, FILLED)
    np.testing.assert_allclose(inputs[0], [[0.25, 0.005, 1, 0], [1, 0.75, 1, 1]], 1e-6)


def test_one_value_of_each_row_has_no_hint():
    drawn = np.asarray(_hints("one", 0.9, 5)(jax.random.split(jax.random.key(0), 400)))
    np.testing.assert_array_equal(drawn.sum(1), 4)
    assert (drawn.mean(0) < 1).all()


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("regularizers__r1__weight", "1.0", "regularizers.r1.weight=1.0: expected 0.0"),
        ("loss__name", "hinge", "loss.name='hinge': expected 'non_saturating' with"),
        ("augmentation__noise", "0.1", "augmentation.noise=0.1: expected 0.0 with"),
    ],
)
def test_fields_of_other_losses_are_refused(field, value, problem):
    with pytest.raises(BadInput, match=problem):
        tiny.setup("gain", **{field: value})


def test_data_that_are_no_table_are_refused():
    """Labelled digits have the fields 'data' and 'known' too."""
    stated = {**tiny.GAMES["gain"], "data": {"name": "digits", "labels": 100}}
    with pytest.raises(BadInput, match="game='gain': expected a table"):
        build(resolve({"batch_size": 8, **stated}))
