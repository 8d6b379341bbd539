"""InfoGAN: its latents, and the losses if no code can be read."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.build import build
from ganjax.config import resolve
from ganjax.core import init_state, make_train_step
from ganjax.errors import BadInput
from tests import tiny


def test_a_latent_ends_in_a_category_and_a_number():
    sampler = tiny.setup("infogan").sampler
    z = sampler.draw(jax.random.split(jax.random.key(0), 4000))
    assert z.shape == (4000, 4 + 8 + 1) and sampler.codes == (8, 1)
    kind, number = z[:, 4:12], z[:, 12]
    np.testing.assert_array_equal(kind.sum(axis=1), 1)
    assert set(np.unique(kind)) == {0.0, 1.0}
    np.testing.assert_allclose(kind.mean(axis=0), 1 / 8, atol=0.03)
    assert np.abs(number).max() <= 1 and abs(number.mean()) < 0.05
    np.testing.assert_allclose(number.var(), 1 / 3, atol=0.02)
    # The category, the number and the noise are not correlated.
    seen = np.corrcoef(np.concatenate([z[:, :11], z[:, 12:]], axis=1).T)
    assert np.abs(seen - np.diag(np.diag(seen)))[:4].max() < 0.08
    assert np.abs(seen[-1, :-1]).max() < 0.08


def test_who_cannot_read_pays_the_entropy_of_the_code():
    """A posterior of zeros predicts 1/8 for each category and N(0, 1) for the number.
    The losses are −log 1/8, and ½ log 2π + ½ c², where c² has the mean 1/3."""
    setup = tiny.setup("infogan", batch_size=512)
    state = init_state(setup.game, jax.random.key(0), setup.knobs)
    nothing = jax.tree.map(jnp.zeros_like, state.params["posterior"])
    state = state.replace(params={**state.params, "posterior": nothing})
    step = make_train_step(setup.game, batch=setup.feed.batch)
    carried = jax.vmap(step, (0, None), 0, axis_name="data")
    _, metrics = jax.jit(carried)(jax.tree.map(lambda x: x[None], state), ())
    (found,) = metrics["discriminator/category"]
    np.testing.assert_allclose(found, np.log(8), rtol=1e-5)
    (found,) = metrics["discriminator/continuous"]
    np.testing.assert_allclose(found, 0.5 * np.log(2 * np.pi) + 1 / 6, atol=0.03)
    # The posterior is updated before the generator's turn.
    assert metrics["generator/category"][0] < np.log(8) + 0.5


@pytest.mark.parametrize("options", [{"categories": 0}, {"continuous": 0}])
def test_a_code_may_lack_a_part(options):
    stated = tiny.GAMES["infogan"]
    setup = build(resolve(stated | {"options": stated["options"] | options}))
    kinds, numbers = setup.sampler.codes
    z = setup.sampler.draw(jax.random.split(jax.random.key(0), 3))
    assert z.shape == (3, 4 + kinds + numbers)


def test_packs_are_refused():
    with pytest.raises(
        BadInput, match="packing=2: expected a critic that takes packs.*'infogan'"
    ):
        tiny.setup("infogan", packing=2)
