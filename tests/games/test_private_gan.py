"""What the private games read, and what they refuse."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from ganjax.build import build, build_game
from ganjax.config import resolve
from ganjax.core import init_state, make_train_step
from ganjax.data import Arrays, Source, Spec
from ganjax.data.forms import Form
from ganjax.errors import BadInput
from ganjax.games.pate_gan import Several, noisy_majority
from tests import tiny


def moved(setup, change, **knobs):
    """Return the state after one step of a changed data set."""
    step = make_train_step(setup.game, batch=setup.feed.batch)
    state = init_state(setup.game, jax.random.key(0), {**setup.knobs, **knobs})
    one = jax.tree.map(lambda x: x[None], state)
    data = jax.tree.map(jnp.asarray, change(setup.feed.data))
    run = jax.jit(jax.vmap(step, (0, None), 0, axis_name="data"))
    after, metrics = run(one, data)
    return jax.tree.map(lambda x: np.asarray(x[0]), (after.params, metrics))


@pytest.fixture(scope="module")
def setup():
    return tiny.setup(
        "private_gan", **tiny.sgd("private_gan"), data__limit="16", batch_size="16"
    )


def test_one_example_moves_the_gradient_by_at_most_the_clip(setup):
    """Plain descent with the rate 0.05 moves by 0.05 times the gradient. Two data sets
    that differ in one of 16 examples have gradients that differ by at most 2·C/B."""

    def other(data):
        changed = np.array(data)
        changed[3] = 255 - changed[3]
        return changed

    knobs = {"options.noise": 0.0, "options.clip": 0.1}
    (one, metrics), (two, _) = (
        moved(setup, change, **knobs) for change in (np.asarray, other)
    )
    difference = jax.tree.map(
        lambda a, b: (a - b) / 0.05, one["discriminator"], two["discriminator"]
    )
    norm = float(optax.tree.norm(difference))
    assert 0 < norm <= 2 * 0.1 / 16 * (1 + 1e-3)
    for a, b in zip(
        jax.tree.leaves(one["generator"]),
        jax.tree.leaves(two["generator"]),
        strict=True,
    ):
        # The generator sees the data only through the discriminator.
        assert np.abs(a - b).max() < 1e-2
    assert metrics["discriminator/rate"] == 1
    assert metrics["discriminator/clip"] == np.float32(0.1)
    assert metrics["discriminator/examples"] == 16


def test_the_noise_is_logged_and_moves_the_discriminator(setup):
    quiet, _ = moved(setup, np.asarray, **{"options.noise": 0.0})
    loud, metrics = moved(setup, np.asarray, **{"options.noise": 50.0})
    assert metrics["discriminator/noise"] == 50
    difference = jax.tree.map(
        lambda a, b: (a - b) / 0.05 * 16 / 50, quiet["discriminator"],
        loud["discriminator"],
    )  # fmt: skip
    drawn = np.concatenate([x.ravel() for x in jax.tree.leaves(difference)])
    assert abs(drawn.std() - 1) < 4 / np.sqrt(2 * len(drawn))


@pytest.mark.parametrize("game", ["private_gan", "pate_gan"])
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"packing": 2}, "packing: expected its default with game="),
        ({"regularizers": {"r1": {"weight": 1.0}}}, "regularizers.r1.weight: expected"),
        ({"terms": {"lecam": {"weight": 1.0}}}, "terms.lecam.weight: expected"),
        ({"loss": {"name": "relativistic_pairing"}}, "loss.name: expected"),
        ({"loss": {"smoothing": 0.1}}, "loss.smoothing: expected"),
        ({"augmentation": {"adaptive": True, "names": ("flip",)}}, "augmentation.na"),
        ({"augmentation": {"noise": 0.1}}, "augmentation.noise: expected"),
        ({"data": {"name": "table_iris", "feed": "poisson"}}, "data.public: expec"),
        ({"data": {"name": "table_iris", "feed": "poisson", "encoding": "range"}},
         "data.public: expected"),
        ({"data": {"name": "ring8", "feed": "poisson"}}, "expected data that are sto"),
        ({"data": {"name": "digits", "feed": "poisson", "mirror": True}},
         "data.mirror=True: expected False"),
    ],
)  # fmt: skip
def test_what_would_break_the_guarantee_is_refused(game, changes, problem):
    stated = {"batch_size": 8, **tiny.GAMES[game], **changes}
    with pytest.raises(BadInput, match=problem):
        build(resolve(stated))


def test_batch_normalisation_is_refused():
    for game, network in (("private_gan", "discriminator"), ("pate_gan", "teachers")):
        with pytest.raises(BadInput, match=f"networks.{network}: expected a network"):
            tiny.setup(game, **{f"networks__{network}__normalization": "batch"})


def test_other_batches_are_refused():
    for game in ("private_gan", "pate_gan"):
        setup = tiny.setup(game, data__feed="auto")
        step = make_train_step(setup.game, batch=setup.feed.batch)
        state = init_state(setup.game, jax.random.key(0), setup.knobs)
        one = jax.tree.map(lambda x: x[None], state)
        with pytest.raises(BadInput, match="data.feed: expected 'poisson' with game="):
            jax.eval_shape(
                jax.vmap(step, (0, None), 0, axis_name="data"), one, setup.feed.data
            )


def test_a_majority_of_votes_by_hand():
    """3 of 5 votes are more than 2.5, and noise of −0.6 turns the majority."""
    noise = np.array([0.0, -0.6, 0.6], np.float32)
    votes = np.array([3, 3, 2])
    np.testing.assert_array_equal(noisy_majority(votes, 5, noise), [1, 0, 1])


@pytest.mark.parametrize("game", ["private_gan", "pate_gan"])
@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"dynamics": {"name": "consensus"}}, "dynamics.name='consensus': expected 'a"),
        ({"on_nonfinite": "rollback"}, "on_nonfinite='rollback': expected 'halt' with"),
        ({"start": {"workdir": "runs/other"}}, "start.workdir='runs/other': expected"),
    ],
)
def test_a_second_look_at_an_example_is_refused(game, changes, problem):
    """The accountant counts one look of each turn. Consensus differentiates the
    discriminator's gradient once more, by the generator's parameters."""
    with pytest.raises(BadInput, match=problem):
        resolve({"batch_size": 8, **tiny.GAMES[game], **changes})


def test_teachers_are_not_mixed():
    """A limit of the norm of all teachers' gradients lets one row change all votes."""
    stated = {"batch_size": 8, **tiny.GAMES["pate_gan"]}
    for changes, problem in (
        ({"gradient_clip": 1.0}, "optimizers.teachers.gradient_clip=1.0: expected 0.0"),
        ({"name": "tests.tiny:sgd"}, "optimizers.teachers.name='tests.tiny:sgd': exp"),
    ):
        optimizers = {**stated.get("optimizers", {}), "teachers": changes}
        with pytest.raises(BadInput, match=problem):
            resolve({**stated, "optimizers": optimizers})


def test_losses_and_data_without_a_guarantee_are_refused():
    with pytest.raises(BadInput, match="loss.name: expected a loss whose logits say"):
        tiny.setup("pate_gan", loss__name="wasserstein")
    stated = {"batch_size": 8, **tiny.GAMES["private_gan"]}
    form = Form("series", ("x",), ranges=((0.0, 1.0),))
    data = Arrays(np.zeros((20, 24, 1), np.float32), np.zeros(20, np.int32))
    source = Source(Spec("days", (24, 1), form=form), data, data)
    with pytest.raises(BadInput, match="data.name: expected images, points or a table"):
        build_game(resolve(stated), source)


def test_an_example_without_a_finite_gradient_counts_as_nothing(setup):
    """Padding reads example 0. Its gradient may have no bound."""
    params, _ = moved(
        setup, lambda data: np.where(np.arange(16)[:, None, None, None] == 0, np.nan,
                                     np.asarray(data, np.float32)),
        **{"options.noise": 0.0},
    )  # fmt: skip
    assert all(np.isfinite(x).all() for x in jax.tree.leaves(params["discriminator"]))


def test_teachers_have_separate_weights_and_separate_rows():
    """Row i belongs to teacher i mod 4: if the rows of teacher 1 change, only teacher 1
    moves in another way."""
    setup = tiny.setup(
        "pate_gan", **tiny.sgd("pate_gan"), data__limit="16", batch_size="16"
    )

    def other(data):
        changed = np.array(data)
        changed[1::4] = 255 - changed[1::4]
        return changed

    (one, _), (two, metrics) = (moved(setup, change) for change in (np.asarray, other))
    for a, b in zip(
        jax.tree.leaves(one["teachers"]), jax.tree.leaves(two["teachers"]), strict=True
    ):
        assert a.shape[0] == 4
        far = np.abs(a - b).reshape(4, -1).max(1)
        assert far[[0, 2, 3]].max() < 1e-6
    kernels = jax.tree.leaves(one["teachers"])[-1]
    assert np.abs(kernels[0] - kernels[1]).max() > 1e-3
    assert metrics["discriminator/labels"] == 8
    assert metrics["discriminator/vote_rate"] == np.float32(0.1)


def test_several_networks_by_hand():
    class Scale:
        def init(self, key, x, train):
            return {"params": jax.random.normal(key, ())}

        def apply(self, variables, x, train, mutable=()):
            out = variables["params"] * x[:, 0]
            return (out, {}) if train else out

    several = Several(Scale(), 3)
    variables = several.init(jax.random.key(0), jnp.ones((2, 1)), train=True)
    x = jnp.array([[1.0], [2.0]])
    found = several.apply(variables, x, train=False)
    np.testing.assert_allclose(found, np.outer(variables["params"], [1, 2]), rtol=1e-6)


def test_a_private_table(tmp_path):
    rows = "".join(f"{20 + i % 50},{'FM'[i % 2]}\n" for i in range(200))
    (tmp_path / "t.csv").write_text("age,sex\n" + rows)
    data = {
        "name": "table", "dir": str(tmp_path / "t.csv"), "feed": "poisson",
        "public": ("age:integer:0..120", "sex:category:F|M"),
    }  # fmt: skip
    stated = {"batch_size": 8, **tiny.GAMES["private_gan"], "data": data}
    setup = build(resolve(stated))
    params, metrics = moved(setup, lambda data: data)
    assert np.isfinite(list(metrics.values())).all()
    z = setup.sampler.draw(jax.random.split(jax.random.key(0), 3))
    width = setup.source.spec.table.width
    assert z.shape == (3, 4 + width) and width == 1 + 1 + 2
