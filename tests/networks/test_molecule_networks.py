"""The networks of molecules: a graph convolution by hand, and draws of categories."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.networks.molgan import (
    Discriminator,
    Generator,
    GraphConvolution,
    joined,
    parts_of,
)

SHAPE = (3, 5 + 12)


@pytest.fixture(scope="module")
def generated():
    module = Generator(SHAPE, widths=(8,))
    z = jax.random.normal(jax.random.key(0), (50, 4))
    variables = module.init(jax.random.key(1), z, train=True)
    return module, variables, z


def test_a_graph_convolution_of_two_atoms_by_hand():
    """h = (1, 10), joined by a double bond, with one feature. The atom's own map is
    2h + 0.5, and the map of double bonds is 3h − 1; other maps do not count. So atom 1
    gives 2 + 0.5 + 30 − 1 and atom 2 gives 20 + 0.5 + 3 − 1."""
    layer = GraphConvolution(1)
    bonds = jax.nn.one_hot(jnp.array([[[0, 2], [2, 0]]]), 4)
    params = {
        "own": {"kernel": jnp.full((1, 1), 2.0), "bias": jnp.array([0.5])},
        "order_2": {"kernel": jnp.full((1, 1), 3.0), "bias": jnp.array([-1.0])},
    }
    for other in (1, 3):
        noise = {"kernel": jnp.full((1, 1), 7.0), "bias": jnp.array([7.0])}
        params[f"order_{other}"] = noise
    h = jnp.array([[[1.0], [10.0]]])
    found = layer.apply({"params": params}, h, bonds)
    np.testing.assert_allclose(found, [[[31.5], [22.5]]])


def test_the_logit_does_not_depend_on_the_order_of_places():
    module = Discriminator(widths=(8, 4), pooled=8, head_widths=(4,))
    rng = np.random.default_rng(0)
    types = rng.standard_normal((2, 4, 5)).astype(np.float32)
    bonds = rng.standard_normal((2, 4, 4, 4)).astype(np.float32)
    turn = [2, 0, 3, 1]
    one, other = (
        joined(jnp.asarray(t), jnp.asarray(b))
        for t, b in ((types, bonds), (types[:, turn], bonds[:, turn][:, :, turn]))
    )
    variables = module.init(jax.random.key(0), one, train=True)
    first, second = (module.apply(variables, x, train=False) for x in (one, other))
    np.testing.assert_allclose(first, second, rtol=0, atol=1e-6)
    assert abs(float(first[0] - first[1])) > 1e-4


def test_generated_graphs_are_one_hot_symmetric_and_have_no_loops(generated):
    module, variables, z = generated
    types, bonds = parts_of(module.apply(variables, z, train=False))
    for part in (types, bonds):
        assert set(np.unique(part)) == {0, 1}
        np.testing.assert_array_equal(part.sum(-1), 1)
    np.testing.assert_array_equal(bonds, jnp.swapaxes(bonds, 1, 2))
    loops = bonds[:, jnp.arange(3), jnp.arange(3)]
    np.testing.assert_array_equal(loops[..., 0], 1)
    assert len(np.unique(np.asarray(types.argmax(-1)), axis=0)) > 10


def test_categories_have_the_probabilities_of_their_logits():
    """Without hidden units the logits are the biases: log 1, log 2 and so on. 4,000
    draws of a share p have the standard deviation √(p(1 − p)/4000) < 0.008."""
    module = Generator((2, 5 + 8), widths=())
    z = jax.random.normal(jax.random.key(0), (4000, 4))
    params = module.init(jax.random.key(1), z, train=True)["params"]
    params = jax.tree.map(jnp.zeros_like, params)
    params["types"]["bias"] = jnp.log(jnp.tile(jnp.arange(1.0, 6), 2))
    params["bonds"]["bias"] = jnp.log(jnp.tile(jnp.arange(1.0, 5), 4))
    types, bonds = parts_of(module.apply({"params": params}, z, train=False))
    np.testing.assert_allclose(types[:, 0].mean(0), np.arange(1, 6) / 15, atol=0.032)
    np.testing.assert_allclose(bonds[:, 0, 1].mean(0), np.arange(1, 5) / 10, atol=0.032)


def test_a_sample_depends_only_on_its_latent(generated):
    module, variables, z = generated
    together = module.apply(variables, z, train=False)
    np.testing.assert_array_equal(
        module.apply(variables, z[7:9], train=False), together[7:9]
    )
    fixed = module.apply(variables, z[:1], z, train=False, method="as_of")
    np.testing.assert_array_equal(fixed[0], together[0])


def test_the_gradient_of_a_draw_is_that_of_the_relaxed_draw(generated):
    module, variables, z = generated
    weights = jax.random.normal(jax.random.key(2), (50, *SHAPE))

    def slope(way):
        def loss(variables):
            made = module.clone(discrete=way).apply(variables, z, train=True)
            return jnp.sum(weights * made), made

        return jax.grad(loss, has_aux=True)(variables)

    (hard, drawn), (soft, relaxed) = slope("straight_through"), slope("gumbel")
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), hard, soft
    )
    np.testing.assert_allclose(drawn, jnp.round(drawn), atol=1e-6)
    assert float(jnp.max(jnp.abs(relaxed - jnp.round(relaxed)))) > 0.1
    _, probabilities = slope("softmax")
    np.testing.assert_allclose(parts_of(probabilities)[0].sum(-1), 1, rtol=1e-5)


def test_other_shapes_are_refused():
    for shape in ((8, 8, 1), (64,), (6, 20)):
        with pytest.raises(BadInput, match="expected molecules"):
            Generator(shape).init(jax.random.key(0), jnp.zeros((2, 4)), train=True)
