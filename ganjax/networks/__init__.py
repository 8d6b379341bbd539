"""Network architectures, each a file with a ``Generator`` and a ``Discriminator``, or
with one of them: networks from image to image, and what judges patches.

A module's fields are its options; some are filled in: ``shape`` from the data,
``dtype``, that of the arithmetic, from ``precision`` (parameters and outputs are
float32), ``conditioning`` and ``classes`` from the game and the data. Every module is
called with ``train``, a conditional one with the labels as its second input.
Discriminators are ``Critic``s: a call returns logits of shape ``[n]``, or of
``patchgan`` ``[n, p]``, ``judge`` all that there is to say, and ``mixes_samples`` says
whether a logit depends on the rest of its batch.
"""

from ganjax.networks import (
    biggan,
    cyclegan_resnet,
    dcgan,
    mlp,
    patchgan,
    progressive,
    r3gan,
    sagan,
    sn_dcgan,
    sngan_resnet,
    srresnet,
    stylegan2,
    transformer,
    unet,
)

ARCHITECTURES = {
    "mlp": mlp,
    "dcgan": dcgan,
    "sn_dcgan": sn_dcgan,
    "sngan_resnet": sngan_resnet,
    "sagan": sagan,
    "biggan": biggan,
    "progressive": progressive,
    "stylegan2": stylegan2,
    "r3gan": r3gan,
    "transformer": transformer,
    "unet": unet,
    "cyclegan_resnet": cyclegan_resnet,
    "patchgan": patchgan,
    "srresnet": srresnet,
}
