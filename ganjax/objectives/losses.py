"""Adversarial losses on logits of shape ``[n]``. Both players minimise.

A separable loss is a sum of one loss per real sample and one loss per fake sample. A
relativistic loss compares real with fake samples. Both kinds have the same functions:
``discriminator(real_logits, fake_logits)`` and ``generator(real_logits, fake_logits)``,
which return scalars. The discriminator's loss is the mean over real plus the mean over
fake samples. A generator's loss omits parts that do not depend on the generator.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax.nn import softplus

from ganjax.names import Table

PerSample = Callable[[jax.Array], jax.Array]
Pairing = Callable[[jax.Array, jax.Array], jax.Array]


@dataclasses.dataclass(frozen=True)
class Loss:
    """An adversarial loss.

    Attributes:
      discriminator, generator: ``(real_logits [n], fake_logits [n]) -> scalar``.
      on_real, on_fake: the discriminator's loss per sample, if the label is real or
        fake; ``logits [n] -> [n]``. ``None`` for a relativistic loss.
      on_generated: the generator's loss per sample, ``logits [n] -> [n]``. ``None`` for
        a relativistic loss.
      boundary: ``(real_logits, fake_logits) -> (least, most)``. A real sample is judged
        correctly above ``least``, a fake sample below ``most``. ``None`` for a
        Wasserstein critic, whose logits have no fixed zero.
      whole_batch: whether a batch mean is inside a non-linearity. If so, logits are
        gathered from all devices first.
    """

    discriminator: Pairing
    generator: Pairing
    on_real: PerSample | None = None
    on_fake: PerSample | None = None
    on_generated: PerSample | None = None
    boundary: Callable | None = None
    whole_batch: bool = False

    @property
    def separable(self) -> bool:
        """Whether the loss is a sum over single samples. Then the generator's loss
        needs no real examples."""
        return self.on_real is not None


def _separable(on_real, on_fake, generator, boundary: float | None = 0.0) -> Loss:
    """Build a loss from per-sample losses of discriminator and generator."""

    def discriminator(real, fake):
        return jnp.mean(on_real(real)) + jnp.mean(on_fake(fake))

    return Loss(
        discriminator=discriminator,
        generator=lambda real, fake: jnp.mean(generator(fake)),
        on_real=on_real,
        on_fake=on_fake,
        on_generated=generator,
        boundary=None if boundary is None else lambda real, fake: (boundary, boundary),
    )


def minimax() -> Loss:
    """Return the minimax loss. D: −log D(x) − log(1 − D(G(z))); G: log(1 − D(G(z))),
    with D = σ(logit) (Goodfellow et al. 2014, arXiv 1406.2661, eq. 1)."""
    return _separable(lambda d: softplus(-d), softplus, lambda d: -softplus(d))


def non_saturating() -> Loss:
    """Return the non-saturating loss. D: −log D(x) − log(1 − D(G(z))); G: −log D(G(z)),
    with D = σ(logit) (Goodfellow et al. 2014, arXiv 1406.2661, section 3)."""
    return _separable(lambda d: softplus(-d), softplus, lambda d: softplus(-d))


def least_squares() -> Loss:
    """Return the least-squares loss. D: ½(D(x) − 1)² + ½D(G(z))²; G: ½(D(G(z)) − 1)²,
    with D = logit (Mao et al. 2017, arXiv 1611.04076, eq. 9)."""

    def to_one(d):
        return 0.5 * (d - 1) ** 2

    return _separable(to_one, lambda d: 0.5 * d**2, to_one, boundary=0.5)


def least_squares_unhalved() -> Loss:
    """Return the least-squares loss of CycleGAN, whose generator's part has no ½. D:
    ½(D(x) − 1)² + ½D(G(z))²; G: (D(G(z)) − 1)², with D = logit (Zhu et al. 2017, arXiv
    1703.10593, section 4, which halves only the objective of D). The weights of further
    losses of the generator, such as 10 for the cycle, belong to this scale."""
    return dataclasses.replace(
        least_squares(),
        generator=lambda real, fake: jnp.mean((fake - 1) ** 2),
        on_generated=lambda d: (d - 1) ** 2,
    )


def wasserstein() -> Loss:
    """Return the Wasserstein loss of a critic f. D: −f(x) + f(G(z)); G: −f(G(z))
    (Arjovsky et al. 2017, arXiv 1701.07875, eq. 3). The critic must be Lipschitz: use
    ``optimizers.*.clip`` or a gradient penalty."""
    return _separable(lambda d: -d, lambda d: d, lambda d: -d, boundary=None)


def hinge() -> Loss:
    """Return the hinge loss. D: max(0, 1 − D(x)) + max(0, 1 + D(G(z))); G: −D(G(z)),
    with D = logit (Lim & Ye 2017, arXiv 1705.02894; Miyato et al. 2018, arXiv
    1802.05957, eqs. 16 and 17)."""
    relu = jax.nn.relu
    return _separable(lambda d: relu(1 - d), lambda d: relu(1 + d), lambda d: -d)


def relativistic_pairing() -> Loss:
    """Return the relativistic pairing loss. D: −log σ(D(x) − D(G(z))), with D = logit,
    where each real sample is paired with one generated sample; G: the same with real
    and fake exchanged (RpGAN; Jolicoeur-Martineau 2019, arXiv 1807.00734; the loss of
    R3GAN, arXiv 2501.05441)."""
    return Loss(
        discriminator=lambda real, fake: jnp.mean(softplus(fake - real)),
        generator=lambda real, fake: jnp.mean(softplus(real - fake)),
        boundary=lambda real, fake: (fake, real),
    )


def relativistic_average() -> Loss:
    """Return the relativistic average loss. D: −log σ(D(x) − E D(G(z))) − log σ(E D(x)
    − D(G(z))), with D = logit and E the mean over the batch; G: the same with real and
    fake exchanged (RaGAN; Jolicoeur-Martineau 2019, arXiv 1807.00734)."""

    def discriminator(real, fake):
        price = jnp.mean(softplus(-(real - jnp.mean(fake))))
        return price + jnp.mean(softplus(fake - jnp.mean(real)))

    return Loss(
        discriminator=discriminator,
        generator=lambda real, fake: discriminator(fake, real),
        boundary=lambda real, fake: (jnp.mean(fake), jnp.mean(real)),
        whole_batch=True,
    )


def relabel(
    loss: Loss, *, smoothing: jax.Array | float = 0.0,
    flip_real: jax.Array | float = 0.0, flip_fake: jax.Array | float = 0.0,
) -> Loss:  # fmt: skip
    """Return ``loss`` with changed labels for the discriminator. The generator's loss
    does not change.

    Args:
      smoothing: real samples get the label ``1 − smoothing``; fake labels do not change
        (one-sided; Salimans et al. 2016, arXiv 1606.03498, section 3.4).
      flip_real, flip_fake: ``[n]``, 1 where a real sample is labelled as fake, or a
        fake sample as real; 0 elsewhere.

    Raises:
      ValueError: for a relativistic loss, whose samples have no label.
    """
    if not loss.separable:
        raise ValueError("a relativistic loss has no labels to smooth or flip")

    def discriminator(real, fake):
        as_real = (1 - smoothing) * (1 - flip_real)
        price_real = as_real * loss.on_real(real) + (1 - as_real) * loss.on_fake(real)
        as_real = (1 - smoothing) * flip_fake
        price_fake = as_real * loss.on_real(fake) + (1 - as_real) * loss.on_fake(fake)
        return jnp.mean(price_real) + jnp.mean(price_fake)

    return dataclasses.replace(loss, discriminator=discriminator)


_LOSSES = (
    minimax, non_saturating, least_squares, least_squares_unhalved, wasserstein, hinge,
    relativistic_pairing, relativistic_average,
)  # fmt: skip

LOSSES = Table(
    "a Loss",
    {loss.__name__: loss() for loss in _LOSSES},
    Loss,
)
