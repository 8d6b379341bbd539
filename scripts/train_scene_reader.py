"""Train the reader of scenes that scores text to image.

    python scripts/train_scene_reader.py --data_dir=PATH_TO_IDX_FILES

Writes scene_reader.safetensors (--out gives another path), a file for the config field
evaluation.weights with evaluation.extractor=scene_reader. The reader is trained on real
scenes of all combinations, with the training digits of MNIST. It prints its accuracies
on held-out combinations with test digits.
"""

import json
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
import safetensors.numpy

from ganjax import command_line
from ganjax.data import samples
from ganjax.data.scenes import GLYPHS, open_scenes, scenes_of
from ganjax.errors import BadInput
from ganjax.evaluation.captions import said_by, seen_in, shown_by
from ganjax.metrics import attribute_accuracy, r_precision
from ganjax.metrics.captions import CANDIDATES
from ganjax.metrics.features import layout
from ganjax.metrics.features.scene_reader import HEADS, SHAPE, SceneReader
from ganjax.metrics.features.weights import sha256

BATCH, TESTED = 64, 2000
LEARNING_RATE = 2e-3
TEMPERATURE = 0.1  # of the cosines of pictures and captions


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("--data_dir", default="", help="as data.dir of a config")
    flags.add_argument(
        "--glyphs", default="mnist", choices=GLYPHS.choices, help="digits for a test"
    )
    flags.add_argument("--out", default="scene_reader.safetensors")
    flags.add_argument("--steps", type=int, default=3000)
    flags.add_argument("--seed", type=int, default=0)
    flags = flags.parse_args(arguments)
    if flags.steps < 2:
        raise BadInput(f"--steps={flags.steps}: expected at least 2")
    if not 0 <= flags.seed < 2**32:
        raise BadInput(f"--seed={flags.seed}: expected 0 to 2^32 - 1")
    out = Path(flags.out)
    if out.suffix != ".safetensors":
        raise BadInput(f"--out='{out}': expected a name that ends in .safetensors")
    if not out.parent.is_dir():
        raise BadInput(f"--out='{out}': there is no folder '{out.parent}'")
    every = scenes_of(flags.data_dir, flags.glyphs, SHAPE[0])
    variables = train(every, steps=flags.steps, seed=flags.seed)
    source = open_scenes(flags.data_dir, flags.glyphs, SHAPE[0])
    about = {"steps": flags.steps, "seed": flags.seed, **tested(variables, source.test)}
    safetensors.numpy.save_file(
        layout.flat(variables), out, metadata={"about": json.dumps(about)}
    )
    print(json.dumps(about, indent=1))
    print(f"wrote {out}, SHA-256 {sha256(out)}")
    return 0


def train(split, *, steps: int, seed: int) -> dict:
    """Train the reader on scenes, and return its variables. The loss is the sum of the
    cross-entropies of all attributes, and of finding the caption of each picture, and
    the picture of each caption, in a batch."""
    network = SceneReader()
    variables = network.init(jax.random.key(seed), np.zeros((1, *SHAPE), np.float32))
    schedule = optax.cosine_onecycle_schedule(steps, LEARNING_RATE)
    optimizer = optax.adamw(schedule, weight_decay=1e-2)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(variables, memory, images, tokens, targets):
        def loss(params):
            seen, updates = network.apply(
                {**variables, "params": params}, images, tokens, train=True,
                mutable=["batch_stats"],
            )  # fmt: skip
            price = optax.softmax_cross_entropy_with_integer_labels
            total = sum(price(seen.logits[x], targets[x]).mean() for x in HEADS)
            cosines = seen.picture @ seen.caption.T / TEMPERATURE
            own = jnp.arange(len(cosines))
            match = price(cosines, own).mean() + price(cosines.T, own).mean()
            return total + match, updates

        params = variables["params"]
        (value, updates), gradient = jax.value_and_grad(loss, has_aux=True)(params)
        change, memory = optimizer.update(gradient, memory, params)
        return {**updates, "params": optax.apply_updates(params, change)}, memory, value

    memory, losses = optimizer.init(variables["params"]), []
    draw, arrays = jax.jit(split.make), jax.device_put(split.arrays)
    for i in range(steps):
        key = jax.random.fold_in(jax.random.key(seed), i)
        batch = draw(arrays, jax.random.split(key, BATCH))
        targets = seen_in(batch["scene"])
        variables, memory, loss = step(
            variables, memory, batch["data"], batch["caption"], targets
        )
        losses.append(loss)
        if (i + 1) % 500 == 0 or i + 1 == steps:
            print(f"step {i + 1}: loss {np.mean(losses):.4f}", flush=True)
            losses = []
    return variables


def tested(variables: dict, split) -> dict[str, float]:
    """Return the accuracies of the reader on ``TESTED`` real scenes."""
    values, pictures, captions, batches = [], [], [], []

    @jax.jit
    def look(variables, images, tokens):
        return SceneReader().apply(variables, images, tokens)

    for i in range(TESTED // 250):
        keys = jax.random.split(jax.random.fold_in(jax.random.key(1), i), 250)
        batch = samples(split, keys)
        seen = look(variables, batch["data"], batch["caption"])
        values.append({x: np.asarray(seen.logits[x]).argmax(-1) for x in HEADS})
        pictures.append(np.asarray(seen.picture))
        captions.append(np.asarray(seen.caption))
        batches.append((batch["scene"], batch["caption"]))
    join = partial(jax.tree.map, lambda *x: np.concatenate(x))
    scene, tokens = join(*batches)
    found = attribute_accuracy(said_by(scene), shown_by(join(*values)))
    if len(np.unique(tokens, axis=0)) >= CANDIDATES:
        vectors = np.concatenate(pictures), np.concatenate(captions)
        found["r_precision"] = r_precision(*vectors, tokens)
    return {name: round(value, 4) for name, value in found.items()}


if __name__ == "__main__":
    command_line.run(main)
