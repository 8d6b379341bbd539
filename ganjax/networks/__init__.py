"""Network architectures, each a file with a ``Generator`` and a ``Discriminator``.

A module's fields are its options; ``shape`` is filled in from the data. Every module is
called with ``train``, and discriminators return logits of shape ``[n]``.
"""

from ganjax.networks import dcgan, mlp

ARCHITECTURES = {
    "mlp": mlp,
    "dcgan": dcgan,
}
