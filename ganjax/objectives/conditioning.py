"""What the players pay for a label, beyond the adversarial loss.

A conditioning asks a discriminator's head for outputs (``networks.heads``) and prices
them: ``discriminator(real, fake, label)`` and ``generator(fake, label)``, of judgements
of ``n`` samples and their labels ``[n]``, real ones first; each a scalar. Both players
minimise, and the generator is asked for the labels of real examples.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp

from ganjax.names import Table


@dataclasses.dataclass(frozen=True)
class Conditioning:
    """The price of a label.

    Attributes:
      discriminator: ``(real, fake, label) -> scalar``; ``None`` where a label costs
        nothing.
      generator: ``(fake, label) -> scalar``, likewise.
      whole_batch: whether samples are compared with each other, so that judgements must
        be gathered from all devices first.
      losses: the adversarial losses it goes with, all if empty.
      replaces_loss: whether it takes the place of the adversarial loss.
      head: the entry of ``CONDITIONINGS`` whose outputs it prices, for a conditioning
        from outside.
    """

    discriminator: Callable | None = None
    generator: Callable | None = None
    whole_batch: bool = False
    losses: tuple[str, ...] = ()
    replaces_loss: bool = False
    head: str = "auxiliary_classifier"

    def head_of(self, name: str) -> str:
        """Return the outputs that a critic gives under this ``name`` in a config."""
        return name if name in CONDITIONINGS else self.head


def cross_entropy(scores: jax.Array, label: jax.Array) -> jax.Array:
    """Mean of −log softmax(scores [n, K]) at ``label [n]``, in nats."""
    return -jnp.mean(_at(jax.nn.log_softmax(scores), label))


def _at(scores, label):
    return jnp.take_along_axis(scores, label[:, None], 1)[:, 0]


def _classified(judged, label, output="classes"):
    return cross_entropy(judged.outputs[output], label)


def concatenation() -> Conditioning:
    """The label is joined to what the critic sees, and costs nothing (Mirza & Osindero
    2014, arXiv 1411.1784)."""
    return Conditioning()


def projection() -> Conditioning:
    """The logit is higher by the product of features and an embedding of the label, and
    the label costs nothing (Miyato & Koyama 2018, arXiv 1802.05637)."""
    return Conditioning()


def auxiliary_classifier() -> Conditioning:
    """Both players gain by samples that are classified rightly (AC-GAN; Odena et al.
    2017, arXiv 1610.09585, eq. 3)."""
    return Conditioning(
        lambda real, fake, label: _classified(real, label) + _classified(fake, label),
        _classified,
    )


def twin_auxiliary_classifier() -> Conditioning:
    """A second classifier learns from generated samples alone; what it can tell of
    their labels, the generator pays for, so that it does not drop the hard samples of a
    class (TAC-GAN; Gong et al. 2019, arXiv 1907.02690, section 3.2)."""

    def twin(fake, label):
        return _classified(fake, label, "twin_classes")

    return Conditioning(
        lambda real, fake, label: _classified(real, label) + twin(fake, label),
        lambda fake, label: _classified(fake, label) - twin(fake, label),
    )


def discriminative_classifier() -> Conditioning:
    """One classifier over every class as real (0 to K − 1) and as generated (K to
    2K − 1); the generator wants its samples taken for the first and not for the second
    (ADC-GAN; Hou et al. 2022, arXiv 2107.10060, section 3.2)."""

    def as_fake(fake, label):
        scores = fake.outputs["classes"]
        return cross_entropy(scores, label + scores.shape[1] // 2)

    return Conditioning(
        lambda real, fake, label: _classified(real, label) + as_fake(fake, label),
        lambda fake, label: _classified(fake, label) - as_fake(fake, label),
    )


def contrastive(temperature: float = 1.0) -> Conditioning:
    """Each sample near the embedding of its label and near the samples that share it,
    among all others (the 2C loss of ContraGAN; Kang & Park 2020, arXiv 2006.12681,
    eq. 8)."""

    def price(judged, label):
        samples = judged.outputs["embedding"]
        near = jnp.sum(samples * judged.outputs["proxy"], -1) / temperature
        between = samples @ samples.T / temperature
        other = ~jnp.eye(len(label), dtype=bool)
        same = other & (label[:, None] == label[None, :])
        return jnp.mean(
            _log_total(near, between, other) - _log_total(near, between, same)
        )

    return Conditioning(lambda real, fake, label: price(real, label), price, True)


def data_to_data(
    temperature: float = 0.5, positive: float = 0.98, negative: float = 0.02
) -> Conditioning:
    """Each sample near the embedding of its label, far from samples of other classes;
    what is nearer than ``positive`` or farther than ``negative`` (cosines) is let alone
    (the D2D-CE loss of ReACGAN; Kang et al. 2021, arXiv 2111.01118, eq. 9)."""

    def price(judged, label):
        samples = judged.outputs["embedding"]
        near = jnp.sum(samples * judged.outputs["proxy"], -1)
        near = jnp.minimum(near - positive, 0) / temperature
        between = jnp.maximum(samples @ samples.T - negative, 0) / temperature
        different = label[:, None] != label[None, :]
        return jnp.mean(_log_total(near, between, different) - near)

    return Conditioning(lambda real, fake, label: price(real, label), price, True)


def _log_total(near, between, counted):
    """log(exp(near) + Σ exp(between)) over the pairs that count, ``[n]``."""
    pairs = jnp.where(counted, between, -jnp.inf)
    return jax.nn.logsumexp(jnp.concatenate([near[:, None], pairs], 1), axis=1)


def multi_hinge() -> Conditioning:
    """The score of the right class, or of fakes, must exceed every other by 1
    (Kavalerov et al. 2019, arXiv 1912.04216; the hinge of Crammer & Singer 2001). The
    classes share the work of the adversarial loss, which it replaces."""

    def margin(judged, wanted):
        scores = judged.outputs["hinges"]
        is_wanted = jax.nn.one_hot(wanted, scores.shape[1], dtype=bool)
        rival = jnp.max(jnp.where(is_wanted, -jnp.inf, scores), axis=1)
        return jnp.mean(jax.nn.relu(1 + rival - _at(scores, wanted)))

    def discriminator(real, fake, label):
        no_class = jnp.full_like(label, fake.outputs["hinges"].shape[1] - 1)
        return margin(real, label) + margin(fake, no_class)

    return Conditioning(discriminator, margin, losses=("hinge",), replaces_loss=True)


_ASKED = (
    concatenation, projection, auxiliary_classifier, twin_auxiliary_classifier,
    discriminative_classifier, contrastive, data_to_data, multi_hinge,
)  # fmt: skip

CONDITIONINGS = Table(
    "a Conditioning",
    {ask.__name__: ask() for ask in _ASKED},
    Conditioning,
)
