"""Network architectures, each a file with a ``Generator`` and a ``Discriminator``.

A module's fields are its options; some are filled in: ``shape`` from the data,
``dtype``, that of the arithmetic, from ``precision`` (parameters and outputs are
float32), ``conditioning`` and ``classes`` from the game and the data. Every module is
called with ``train``, a conditional one with the labels as its second input.
Discriminators are ``Critic``s: a call returns logits of shape ``[n]``, ``judge`` all
that there is to say, and ``mixes_samples`` says whether a logit depends on the rest of
its batch.
"""

from ganjax.networks import (
    biggan,
    dcgan,
    mlp,
    r3gan,
    sagan,
    sn_dcgan,
    sngan_resnet,
    stylegan2,
)

ARCHITECTURES = {
    "mlp": mlp,
    "dcgan": dcgan,
    "sn_dcgan": sn_dcgan,
    "sngan_resnet": sngan_resnet,
    "sagan": sagan,
    "biggan": biggan,
    "stylegan2": stylegan2,
    "r3gan": r3gan,
}
