"""Folders of runs whose generators have random weights, written without training."""

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image

import ganjax
from ganjax.build import build_game
from ganjax.config import knobs, resolve
from ganjax.core import init_state
from ganjax.data import record_of
from ganjax.data.made_up import made_up
from ganjax.run_files import RunFiles, write_json
from ganjax.training import Checkpoints

SHAPE = (12, 12, 3)
STYLES = {
    "name": "stylegan2", "channel_base": 1024, "channel_max": 4, "intermediate": 8,
    "mapping_layers": 2,
}  # fmt: skip


def write_run(path, *, generator, shape=SHAPE, classes=0, seed=0, **stated):
    """Write a run and return it. Its images are within [-1, 1], and its noise is
    strong."""
    source = made_up(shape, classes, count=100)
    config = resolve(
        {
            "data": {"name": "digits"},
            "latents": {"size": 8},
            "networks": {"generator": generator, "discriminator": {"widths": (8,)}},
            "seed": seed,
            **stated,
        }
    )
    game, _ = build_game(config, source)
    state = init_state(game, jax.random.key(seed), knobs(config))
    state = state.replace(
        ema=jax.tree_util.tree_map_with_path(_changed, state.ema), step=np.int32(7)
    )
    files = RunFiles(path)
    path.mkdir(parents=True)
    write_json(files.data, record_of(source))
    files.describe(config.to_dict(), folder="")
    with Checkpoints(files.checkpoints) as checkpoints:
        checkpoints.save(state)
    return ganjax.load(path)


def _changed(path, leaf):
    names = [str(getattr(part, "key", part)) for part in path]
    if names[-1] == "noise_strength":
        return jnp.full_like(leaf, 0.3)
    if "average" in names:
        return jnp.linspace(-0.5, 0.5, leaf.size).reshape(leaf.shape)
    if any("ToImage" in name for name in names) and names[-1] == "kernel":
        return 0.2 * leaf
    return leaf


def save(folder, images, names=None):
    """Save uint8 images as PNG, and return their paths."""
    paths = []
    for i, image in enumerate(images):
        paths.append(folder / (names[i] if names else f"picture{i}.png"))
        paths[-1].parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image).save(
            paths[-1]
        )
    return [str(path) for path in paths]
