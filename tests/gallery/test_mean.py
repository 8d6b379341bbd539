"""The image of the mean style, or of the mean latent."""

import types

import jax
import numpy as np
import pytest

from ganjax.config import resolve
from ganjax.errors import BadInput
from ganjax.gallery import MODES, Request
from ganjax.model import Model, Sampling
from ganjax.training.pictures import image_grid
from tests import tiny
from tests.gallery.test_gallery import IMAGES, cells, run_of

PROGRESSIVE = {
    "data__name": "digits",
    **{
        f"networks__{player}__{field}": value
        for player in ("generator", "discriminator")
        for field, value in (("name", "progressive"), ("channel_base", 1024))
    },
}


def test_the_mean_latent_under_every_label(tmp_path):
    """The normal latents have the mean 0."""
    conditional = run_of("conditional_gan", tmp_path, data__name="digits")
    found = cells(MODES["mean"](Request(conditional)), 4)
    zeros = np.zeros((10, conditional.config.latents.size), np.float32)
    expected = cells(image_grid(conditional.model.decode(zeros, np.arange(10))), 4)
    assert found.shape[:2] == (3, 4)
    assert np.abs(found.astype(int) - expected).max() <= 1


@pytest.mark.full
def test_the_mean_style_is_the_limit_of_truncation(tmp_path):
    """With ψ = 10⁻⁶ every latent has the style of the mean, up to rounding."""
    small = {
        f"networks__{player}__{field}": value
        for player in ("generator", "discriminator")
        for field, value in (("name", "stylegan2"), ("channel_base", 1024),
                             ("channel_max", 8))
    }  # fmt: skip
    run = run_of("gan", tmp_path, **small, data__name="digits", latents__size=8)
    average = run.state.ema["generator"]["average"]
    average["w"] = jax.random.normal(jax.random.key(1), average["w"].shape)
    run.model = run.model_of(run.state)
    found = cells(MODES["mean"](Request(run)), 1).astype(int)
    z = np.asarray(run.model.latents(jax.random.key(2), 1))
    near = Model(run.game, run.sampler, run.state, Sampling(1e-6)).decode(z)
    assert np.abs(found - cells(image_grid(near), 1)).max() <= 1
    whole = cells(image_grid(run.model.decode(z)), 1)
    assert np.abs(found - whole).max() > 5
    # A run with a truncation has the same mean.
    run.model = Model(run.game, run.sampler, run.state, Sampling(0.7))
    again = cells(MODES["mean"](Request(run)), 1)
    np.testing.assert_array_equal(again, found)


@pytest.mark.parametrize(
    ("game", "more", "said"),
    [
        ("infogan", IMAGES, "expected latents without categories.*'infogan'"),
        ("gan", {}, "generates images"),
        ("gan", PROGRESSIVE, "does not divide latents by their length.*'progressive'"),
    ],
)
def test_latents_without_a_mean_are_refused(game, more, said):
    setup, texts = tiny.setup(game, **more), more.items()
    config = resolve(
        {"batch_size": 8, **tiny.GAMES[game]},
        {path.replace("__", "."): str(value) for path, value in texts},
    )
    run = types.SimpleNamespace(
        path="run", config=config, game=setup.game, source=setup.source,
        model=types.SimpleNamespace(sampler=setup.sampler),
    )  # fmt: skip
    with pytest.raises(BadInput, match=said):
        MODES["mean"](Request(run))
