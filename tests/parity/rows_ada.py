"""ADA: blitting, the matrices of its colour and geometry, and its controller."""

import jax
import numpy as np

from ganjax.augment import adapt, blit, inverse_affine, recolour
from ganjax.objectives.weighed import Adaptation, memory_name
from tests.parity import rule
from tests.parity.networks import on_one_device
from tests.parity.row import Row
from tests.parity.tensors import first, last
from tests.parity.views import view

SOURCE = "stylegan2-ada-pytorch"
N, SIZE = 8, 6
# Of blitting: the images are moved by at most two pixels to each side.
BLIT_N, BLIT_SIZE = 24, 16
# Of the controller: updates of a batch, at this speed in thousands of images.
UPDATES, BATCH, SPEED, TARGET, INTERVAL = 60, 8, 0.2, 0.6, 4


def blit_images() -> np.ndarray:
    """Return images ``[BLIT_N, 3, BLIT_SIZE, BLIT_SIZE]``."""
    return rule.images("ada/blit", (BLIT_N, 3, BLIT_SIZE, BLIT_SIZE))


def images(channels: int) -> np.ndarray:
    """Return images ``[N, channels, SIZE, SIZE]``."""
    return rule.images(f"ada/{channels}", (N, channels, SIZE, SIZE))


def logits() -> np.ndarray:
    """Return real logits ``[UPDATES, BATCH]``: at first nearly all are positive, so
    the probability passes 1; then all are negative, until it is 0."""
    drawn = rule.numbers("ada/logits", (UPDATES, BATCH), 0.3)
    mean = np.where(np.arange(UPDATES) < 28, 0.7, -1.0)
    return drawn + mean[:, None].astype(np.float32)


def _colour(fixture):
    found = {}
    for channels in (1, 3):
        drawn = fixture.inputs[f"colour {channels}"]
        changed = on_one_device(jax.vmap(recolour), last(images(channels)), *drawn)
        found[f"output/{channels} channels"] = first(changed)
    return found


def _blit(fixture):
    """The authors' code got the draws of these keys."""
    keys = jax.random.split(jax.random.key(0), BLIT_N)

    def changed(x):
        return jax.vmap(blit, (0, 0, None))(keys, x, 1.0)

    return {"output/images": first(on_one_device(changed, last(blit_images())))}


def _geometry(fixture):
    names = "scale", "turn", "stretch", "turn after", "shift"
    drawn = [fixture.inputs[name] for name in names]
    return {"output/matrix": on_one_device(jax.vmap(inverse_affine), *drawn)}


def _controller(fixture):
    adaptation = Adaptation(adapt, INTERVAL)
    knobs = {"augmentation.target": TARGET, "augmentation.speed": SPEED}

    def all_updates(logits):
        def update(memory, logits):
            now = view(memory=memory, knobs=knobs)
            old = memory[memory_name("augmentation", "critic")]
            after, moved = adaptation(now, "critic", old, logits, BATCH)
            return after.memory, moved

        return jax.lax.scan(update, adaptation.memory("critic"), logits)[1]

    return {"output/probability": on_one_device(all_updates, logits())}


_PRESET = ("configs", "stylegan2_ada_cifar10")

ROWS = [
    Row("ada_colour", (("augmentations", "colour_transform"), _PRESET), SOURCE,
        "images of 1 and 3 channels after the five changes of colour, with draws given",
        _colour),
    Row("ada_blit", (("augmentations", "blit"), _PRESET), SOURCE,
        "images after flips, quarter turns and shifts by whole pixels, with draws "
        "given: the oracle reads the pixels at the places of the authors' matrix",
        _blit,
        differs="the matrix is the authors'; they sample with wavelet filters, and "
        "ours copies pixels"),
    Row("ada_geometry", (("augmentations", "geometric"), _PRESET), SOURCE,
        "the inverse matrix of scaling, rotations, stretching and shift, draws given",
        _geometry,
        differs="the matrix is the authors'; sampling is bilinear, and theirs has "
        "wavelet filters"),
    Row("ada_controller", (_PRESET,), SOURCE,
        "the probability over 60 updates, above 1 and down to 0", _controller,
        differs="their mean sign counts the batch of a separate R1 update once more"),
]  # fmt: skip
