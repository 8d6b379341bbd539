"""pix2pix: one step, and numbers."""

from tests.parity import translation, translation_names
from tests.parity.row import Row
from tests.parity.rows_translation_networks import SOURCE, WIDTH
from tests.parity.steps import moved
from tests.parity.translation import EXAMPLES, LAYERS, RATE

SHAPE = (2, 1, 32, 32)
NAMES = {
    "generator": translation_names.unet(5),
    "discriminator": translation_names.patchgan(LAYERS, batch=True),
}
LOSSES = {
    "discriminator": "discriminator/loss",
    "generator": "generator/loss",
    "adversarial": "generator/adversarial",
    "l1": "generator/l1",
}


def step(fixture):
    changes = {
        "batch_size": SHAPE[0],
        "loss.name": "non_saturating",
        "weights.l1": 100,
        "weights.discriminator": 0.5,
        "networks.generator.width": WIDTH,
        "networks.generator.biases": False,
        "networks.discriminator.width": WIDTH,
        "networks.discriminator.normalization": "batch",
        "networks.discriminator.padding": "one",
        "optimizers.generator.learning_rate": RATE,
        "optimizers.discriminator.learning_rate": RATE,
    }
    training = translation.training("pix2pix_edges", (*SHAPE[2:], 1), changes)
    names = {name: (own, f"pix2pix.{name}.") for name, own in NAMES.items()}
    batches = translation.batches("pix2pix", 1, SHAPE, training.game.rounds)
    before, after, metrics = training.run(names, batches, {})
    return {
        **moved(before, after, names, {name: f"{name}." for name in NAMES}),
        **{f"loss/{name}": metrics[ours] for name, ours in LOSSES.items()},
    }


def numbers(fixture):
    makes, judges = ("generator", "unet"), ("discriminator", "patchgan")
    return translation.defaults("pix2pix", "generator", makes, judges, ("l1",))


_PIX2PIX = ("games", "pix2pix"), ("configs", "pix2pix_edges")

ROWS = [
    Row(
        "pix2pix_step",
        _PIX2PIX,
        SOURCE,
        "one step: losses and movement, by the preset with the authors' losses, "
        "weights, normalisation and rate",
        step,
        f"{EXAMPLES}; no dropout",
        slow=True,
    ),
    Row(
        "pix2pix_defaults",
        _PIX2PIX[:1],
        SOURCE,
        "default widths, the weight of L1, rate and momentum",
        numbers,
    ),
]
