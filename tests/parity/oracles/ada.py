"""ADA by NVIDIA: the augmentation pipe, and the statistics of its controller."""

from unittest import mock

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


def geometry(repository):
    module, factors = imported(repository, "training.augment"), []
    pipe = module.AugmentPipe(scale=1, rotate=1, aniso=1, xfrac=1)
    recorder = _Recorder()

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
    torch.manual_seed(2)
    with (
        recorder.of("rand"),
        recorder.of("randn"),
        mock.patch.multiple(module, **changes),
        mock.patch.object(module.upfirdn2d, "upsample2d", begin),
    ):
        try:
            pipe(tensor(sizes.images(3)))
        except _Warped:
            pass
    product = torch.eye(3)
    for factor in factors:
        product = product @ factor
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
    "ada_geometry": geometry,
    "ada_controller": controller,
}
