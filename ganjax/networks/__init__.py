"""Network architectures, each a file with a ``Generator`` and a ``Discriminator``.

A module's fields are its options; ``shape`` is filled in from the data and ``dtype``,
that of the arithmetic, from ``precision``: parameters and outputs are float32. Every
module is called with ``train``. Discriminators return logits of shape ``[n]``, and say
by ``mixes_samples`` whether a logit depends on the rest of its batch.
"""

from ganjax.networks import dcgan, mlp, sn_dcgan

ARCHITECTURES = {
    "mlp": mlp,
    "dcgan": dcgan,
    "sn_dcgan": sn_dcgan,
}
