"""Train the small classifier whose features score samples of MNIST or Fashion-MNIST.

    python scripts/train_classifier.py mnist --data_dir=PATH_TO_IDX_FILES
    python scripts/train_classifier.py fashion_mnist \\
        --data_dir=/usr/share/datasets/fashion-mnist

Writes small_cnn_DATASET.safetensors (--out gives another path), a file for the config
field evaluation.weights. The files in ganjax/metrics/features were made by this script
with the default seed and numbers of epochs. Their digests are in
ganjax/metrics/features/small_cnn.py. Another processor may round differently, and then
the digests differ.
"""

import json
from functools import partial
from pathlib import Path

import jax
import numpy as np
import optax
import safetensors.numpy

from ganjax import command_line
from ganjax.data import Arrays, in_memory, open_source
from ganjax.errors import BadInput, unknown
from ganjax.metrics.features import layout
from ganjax.metrics.features.small_cnn import SHAPE, SmallCNN, scaled
from ganjax.metrics.features.weights import sha256

EPOCHS = {"mnist": 5, "fashion_mnist": 8}
BATCH = 128
LEARNING_RATE = 3e-3
SHIFT = 2  # pixels
MIRRORED = ("fashion_mnist",)  # a mirrored 3 is no 3


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("dataset", metavar="DATASET", help=" or ".join(EPOCHS))
    flags.add_argument("--data_dir", default="", help="as data.dir of a config")
    flags.add_argument("--out", default="", help="the file to write")
    flags.add_argument("--epochs", type=int, default=0, help="0: as ours")
    flags.add_argument("--seed", type=int, default=0)
    flags = flags.parse_args(arguments)
    dataset = flags.dataset
    if dataset not in EPOCHS:
        raise unknown("DATASET", dataset, EPOCHS)
    if flags.epochs < 0 or flags.seed < 0:
        raise BadInput(f"--epochs={flags.epochs} --seed={flags.seed}: expected >= 0")
    out = Path(flags.out or f"small_cnn_{dataset}.safetensors")
    if not out.parent.is_dir():
        raise BadInput(f"--out='{out}': there is no folder '{out.parent}'")
    source = open_source(dataset, flags.data_dir)
    test = in_memory(source.test)
    epochs = flags.epochs or EPOCHS[dataset]

    def tell(epoch, variables, loss):
        print(
            f"epoch {epoch} of {epochs}: loss {loss:.4f}, "
            f"test accuracy {accuracy(variables, test):.4f}",
            flush=True,
        )

    variables = train(
        in_memory(source.train),
        epochs=epochs,
        seed=flags.seed,
        mirrored=dataset in MIRRORED,
        tell=tell,
    )
    about = {
        "dataset": dataset,
        "test_accuracy": round(accuracy(variables, test), 4),
        "epochs": epochs,
        "seed": flags.seed,
    }
    # One entry of metadata: safetensors writes several in any order, and the digest
    # of the file is to follow from its content.
    safetensors.numpy.save_file(
        layout.flat(variables), out, metadata={"about": json.dumps(about)}
    )
    print(f"test accuracy {about['test_accuracy']:.4f}; wrote {out}")
    print(f"SHA-256 {sha256(out)}")
    return 0


def train(split: Arrays, *, epochs: int, seed: int, mirrored: bool, tell) -> dict:
    """Train the classifier on images of 28×28 pixels, and return its variables.

    Args:
      epochs: number of passes over ``split``.
      mirrored: whether images are mirrored at random, because a mirrored image has the
        same class.
      tell: called after each epoch with its number, the variables and the mean loss.
    """
    network = SmallCNN()
    variables = network.init(jax.random.key(seed), np.zeros((1, *SHAPE), np.float32))
    per_epoch = len(split) // BATCH
    schedule = optax.cosine_onecycle_schedule(epochs * per_epoch, LEARNING_RATE)
    optimizer = optax.adamw(schedule, weight_decay=1e-2)

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(variables, memory, images, labels):
        def loss(params):
            (_, logits), updates = network.apply(
                {**variables, "params": params},
                scaled(images),
                train=True,
                mutable=["batch_stats"],
            )
            losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
            return losses.mean(), updates

        params = variables["params"]
        (value, updates), gradient = jax.value_and_grad(loss, has_aux=True)(params)
        change, memory = optimizer.update(gradient, memory, params)
        return {**updates, "params": optax.apply_updates(params, change)}, memory, value

    memory = optimizer.init(variables["params"])
    rng = np.random.default_rng(seed)
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(split))[: per_epoch * BATCH].reshape(-1, BATCH)
        losses = []
        for chosen in order:
            images = moved(split.data[chosen], rng, mirrored)
            variables, memory, loss = step(
                variables, memory, images, split.label[chosen]
            )
            losses.append(loss)
        tell(epoch, variables, float(np.mean(losses)))
    return variables


def moved(images: np.ndarray, rng: np.random.Generator, mirrored: bool) -> np.ndarray:
    """Return images ``[n, H, W, C]``, each moved by up to ``SHIFT`` pixels at random.
    If ``mirrored``, also mirror each image with probability ½."""
    n, height, width, _ = images.shape
    around = ((0, 0), (SHIFT, SHIFT), (SHIFT, SHIFT), (0, 0))
    down, right = rng.integers(2 * SHIFT + 1, size=(2, n, 1))
    rows, columns = down + np.arange(height), right + np.arange(width)
    if mirrored:
        mirror = rng.integers(2, size=(n, 1), dtype=bool)
        columns = np.where(mirror, columns[:, ::-1], columns)
    each = np.arange(n)[:, None, None]
    return np.pad(images, around)[each, rows[:, :, None], columns[:, None, :]]


def accuracy(variables: dict, split: Arrays, batch: int = 500) -> float:
    """Return the fraction of images in a split whose most probable class is right."""
    right = 0
    for start in range(0, len(split), batch):
        part = slice(start, start + batch)
        logits = _logits(variables, split.data[part])
        right += int(np.sum(np.asarray(logits).argmax(1) == split.label[part]))
    return right / len(split)


@jax.jit
def _logits(variables, images):
    return SmallCNN().apply(variables, scaled(images))[1]


if __name__ == "__main__":
    command_line.run(main)
