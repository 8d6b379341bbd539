"""ADA by NVIDIA: the augmentation pipe, and the statistics of its controller."""

import contextlib
from unittest import mock

import jax
import numpy as np
import torch

from tests.parity import rows_ada as sizes
from tests.parity.oracles.torch_side import array, imported, tensor

SOURCE = "stylegan2-ada-pytorch"

COLOURS = "brightness", "contrast", "lumaflip", "hue", "saturation"


class _Recorder:
    """Records what ``torch.rand`` and ``torch.randn`` return."""

    def __init__(self):
        self.drawn, self.real = [], {"rand": torch.rand, "randn": torch.randn}

    def of(self, name):
        def draw(shape, **options):
            made = self.real[name](shape, **options)
            self.drawn.append(array(made).reshape(len(made), -1))
            return made

        return mock.patch.object(torch, name, draw)


def colour(repository):
    module, found = imported(repository, "training.augment"), {}
    for channels in (1, 3):
        pipe = module.AugmentPipe(**dict.fromkeys(COLOURS, 1))
        recorder = _Recorder()
        torch.manual_seed(1)
        with recorder.of("rand"), recorder.of("randn"):
            changed = pipe(tensor(sizes.images(channels)))
        # Each change draws its number, and then whether it happens (always).
        drawn = [x[:, 0] for x in recorder.drawn[::2]]
        none = np.zeros(sizes.N, np.float32)
        hue, saturation = drawn[3:] or (np.float32(0.5) + none, none)
        found[f"input/colour {channels}"] = np.stack([
            drawn[0] * pipe.brightness_std, drawn[1] * pipe.contrast_std,
            np.floor(2 * drawn[2]), (2 * hue - 1) * np.pi * pipe.hue_max,
            saturation * pipe.saturation_std,
        ]).astype(np.float32)  # fmt: skip
        found[f"output/{channels} channels"] = array(changed)
    return found


class _Warped(Exception):
    """The matrix is complete, and the warp begins."""


def _matrix(module, pipe, images, *draws):
    """Return the matrix ``[n, 3, 3]`` from places in the result to places in the
    images, from the centre. ``draws``: contexts in which the pipe draws."""
    factors = []

    def kept(function):
        def call(*arguments):
            factors.append(function(*arguments))
            return factors[-1]

        return call

    def begin(*_, **__):
        raise _Warped

    changes = {
        name: kept(getattr(module, name))
        for name in ("scale2d_inv", "rotate2d_inv", "translate2d_inv")
    }
    with contextlib.ExitStack() as stack:
        for context in draws:
            stack.enter_context(context)
        stack.enter_context(mock.patch.multiple(module, **changes))
        stack.enter_context(mock.patch.object(module.upfirdn2d, "upsample2d", begin))
        stack.enter_context(contextlib.suppress(_Warped))
        pipe(images)
    product = torch.eye(3)
    for factor in factors:
        product = product @ factor
    return product


def blitted(repository):
    """Return images at the places of the authors' matrix, reflected at the borders."""
    module = imported(repository, "training.augment")
    pipe, draws = module.AugmentPipe(xflip=1, rotate90=1, xint=1), _blit_draws()
    drawn = mock.patch.object(torch, "rand", lambda *_, **__: tensor(next(draws)))
    images, middle = sizes.blit_images(), (sizes.BLIT_SIZE - 1) / 2
    matrix = array(_matrix(module, pipe, tensor(images), drawn))
    places = np.mgrid[: sizes.BLIT_SIZE, : sizes.BLIT_SIZE] - middle
    to = np.stack([places[1], places[0], np.ones_like(places[0])])  # x, y, 1
    source = np.einsum("nij,jhw->nihw", matrix[:, :2], to) + middle
    whole = np.round(source).astype(int)
    assert np.abs(source - whole).max() < 1e-4
    most = sizes.BLIT_SIZE - 1
    x, y = np.moveaxis(most - np.abs(most - np.abs(whole)), 1, 0)
    rows = [image[:, v, u] for image, u, v in zip(images, x, y, strict=True)]
    return {"output/images": np.stack(rows)}


def _blit_draws():
    """Yield ganjax's draws as uniform numbers, in the order in which the pipe asks. The
    second of each pair decides whether a change happens (always)."""
    keys = jax.random.split(jax.random.key(0), sizes.BLIT_N)
    values = jax.vmap(lambda key: jax.random.split(key, (2, 3))[1])(keys)

    def drawn(draw, i, *more):
        return np.asarray(jax.vmap(lambda key: draw(key, *more))(values[:, i]))

    yield (drawn(jax.random.bernoulli, 0).astype(np.float32) + 0.5) / 2
    yield np.zeros(sizes.BLIT_N, np.float32)
    yield (drawn(jax.random.randint, 1, (), 0, 4).astype(np.float32) + 0.5) / 4
    yield np.zeros(sizes.BLIT_N, np.float32)
    yield drawn(jax.random.uniform, 2, (2,))[:, ::-1]  # ours: down, then right
    yield np.zeros((sizes.BLIT_N, 1), np.float32)


def geometry(repository):
    module, recorder = imported(repository, "training.augment"), _Recorder()
    pipe = module.AugmentPipe(scale=1, rotate=1, aniso=1, xfrac=1)
    torch.manual_seed(2)
    draws = recorder.of("rand"), recorder.of("randn")
    product = _matrix(module, pipe, tensor(sizes.images(3)), *draws)
    scale, turn, stretch, after, shift = recorder.drawn[::2]
    turns = [(2 * x[:, 0] - 1) * np.pi * pipe.rotate_max for x in (turn, after)]
    return {
        "input/scale": scale[:, 0] * pipe.scale_std,
        "input/turn": turns[0].astype(np.float32),
        "input/stretch": stretch[:, 0] * pipe.aniso_std,
        "input/turn after": turns[1].astype(np.float32),
        "input/shift": (shift * pipe.xfrac_std * sizes.SIZE).astype(np.float32),
        "output/matrix": array(product[:, :2]),
    }


def controller(repository):
    stats = imported(repository, "torch_utils.training_stats")
    collector = stats.Collector(regex="signs")
    probability, found = torch.zeros([]), []
    images = sizes.BATCH * sizes.INTERVAL
    for i, logits in enumerate(sizes.logits()):
        stats.report("signs", tensor(logits).sign())
        if (i + 1) % sizes.INTERVAL == 0:
            collector.update()
            # The rule of their training loop, which is no function to call.
            change = np.sign(collector["signs"] - sizes.TARGET) * images
            probability = (probability + change / (sizes.SPEED * 1000)).clamp(min=0)
        found.append(float(probability))
    assert max(found) > 1 and found[-1] == 0
    return {"output/probability": np.array(found)}


FIXTURES = {
    "ada_colour": colour,
    "ada_blit": blitted,
    "ada_geometry": geometry,
    "ada_controller": controller,
}
