"""Label losses of the discriminator and the generator, in addition to the adversarial
loss.

A conditioning is a way to use the label. It selects the outputs of the discriminator's
last layer (``networks.heads``) and computes ``discriminator(real, fake, label)`` and
``generator(fake, label)`` from them. The arguments are critic outputs of ``n`` samples
and their labels ``[n]``; the results are scalars. Both players minimise. Generated
samples have the labels of real examples.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp

from ganjax.names import Table
from ganjax.options import Option, configured, options_of


@dataclasses.dataclass(frozen=True)
class Conditioning:
    """The label losses of both players.

    Attributes:
      discriminator: ``(real, fake, label) -> scalar``; ``None`` for no label loss.
      generator: ``(fake, label) -> scalar``; ``None`` for no label loss.
      whole_batch: whether samples are compared with each other. If so, critic outputs
        are gathered from all devices first.
      losses: names of the adversarial losses that it works with; empty for all.
      replaces_loss: whether it replaces the adversarial loss.
      head: the name in ``CONDITIONINGS`` whose critic outputs it uses. Only a
        conditioning from outside ``ganjax`` needs this field.
    """

    discriminator: Callable | None = None
    generator: Callable | None = None
    whole_batch: bool = False
    losses: tuple[str, ...] = ()
    replaces_loss: bool = False
    head: str = "auxiliary_classifier"

    def head_of(self, name: str) -> str:
        """Return the kind of the critic's last layer (the ``conditioning`` in
        ``networks.heads``). ``name`` is the name of this conditioning in the config."""
        return name if name in CONDITIONINGS else self.head

    def embeds(self, name: str) -> bool:
        """Return whether the critic's last layer maps samples and labels to vectors
        that are compared. ``name`` is the name of this conditioning in the config."""
        return self.head_of(name) in ("contrastive", "data_to_data")


def cross_entropy(scores: jax.Array, label: jax.Array) -> jax.Array:
    """Return the mean of −log softmax(scores [n, K]) at ``label [n]``, in nats."""
    return -jnp.mean(_at(jax.nn.log_softmax(scores), label))


def _at(scores, label):
    return jnp.take_along_axis(scores, label[:, None], 1)[:, 0]


def _classified(judged, label, output="classes"):
    return cross_entropy(judged.outputs[output], label)


def concatenation() -> Conditioning:
    """Join the label to the critic's input, without a label loss (Mirza & Osindero
    2014, arXiv 1411.1784)."""
    return Conditioning()


def projection() -> Conditioning:
    """Add the product of features and label embedding to the logit, without a label
    loss (Miyato & Koyama 2018, arXiv 1802.05637)."""
    return Conditioning()


def auxiliary_classifier() -> Conditioning:
    """Reward both players for correctly classified samples (AC-GAN; Odena et al. 2017,
    arXiv 1610.09585, eq. 3)."""
    return Conditioning(
        lambda real, fake, label: _classified(real, label) + _classified(fake, label),
        _classified,
    )


def twin_auxiliary_classifier() -> Conditioning:
    """Train two classifiers of the label: one on real samples, and its twin on
    generated samples. The generator minimises the cross-entropy of the first and
    maximises the cross-entropy of the twin. So it also makes samples of a class that
    are hard to classify (TAC-GAN; Gong et al. 2019, arXiv 1907.02690, section 3.2)."""

    def twin(fake, label):
        return _classified(fake, label, "twin_classes")

    return Conditioning(
        lambda real, fake, label: _classified(real, label) + twin(fake, label),
        lambda fake, label: _classified(fake, label) - twin(fake, label),
    )


def discriminative_classifier() -> Conditioning:
    """Classify into 2K classes: each label as real (0 to K − 1) and as generated (K to
    2K − 1). The generator moves its samples to the real class and away from the
    generated one (ADC-GAN; Hou et al. 2022, arXiv 2107.10060, section 3.2)."""

    def as_fake(fake, label):
        scores = fake.outputs["classes"]
        return cross_entropy(scores, label + scores.shape[1] // 2)

    return Conditioning(
        lambda real, fake, label: _classified(real, label) + as_fake(fake, label),
        lambda fake, label: _classified(fake, label) - as_fake(fake, label),
    )


def contrastive(temperature: float = 1.0) -> Conditioning:
    """Pull each sample's embedding to its label's embedding and to samples of the same
    label, relative to all other samples (the 2C loss of ContraGAN; Kang & Park 2020,
    arXiv 2006.12681, eq. 8). ``temperature`` divides all cosines."""

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


@configured(
    shift_negatives=Option(
        False, "D2D-CE: subtract each sample's largest scaled cosine from the others"
    )
)
def data_to_data(
    temperature: float = 0.5, positive: float = 0.98, negative: float = 0.02, *,
    shift_negatives: bool = False,
) -> Conditioning:  # fmt: skip
    """Pull each sample's embedding to its label's embedding and away from samples of
    other classes (the D2D-CE loss of ReACGAN; Kang et al. 2021, arXiv 2111.01118,
    eq. 9).

    There is no gradient for a label's embedding whose cosine with its sample is above
    ``positive``, and for two samples whose cosine is below ``negative``.
    ``temperature`` divides the distances from these limits.

    With ``shift_negatives``, the largest (cosine − ``negative``) / ``temperature`` of
    each sample with another one, of any class, is subtracted from the terms of the
    other classes, but not from the term of the label's embedding. No gradient flows
    through it. PyTorch-StudioGAN (947b35e) does so, for numerical stability, and
    measured its published scores so. It is another loss: a gradient is 1.02 to 1.26
    times as large.
    """

    def price(judged, label):
        samples = judged.outputs["embedding"]
        near = jnp.sum(samples * judged.outputs["proxy"], -1)
        near = jnp.minimum(near - positive, 0) / temperature
        cosines = samples @ samples.T
        between = jnp.maximum(cosines - negative, 0) / temperature
        if shift_negatives:
            others = jnp.where(jnp.eye(len(label), dtype=bool), -jnp.inf, cosines)
            largest = jax.lax.stop_gradient(others).max(1, keepdims=True)
            between = between - (largest - negative) / temperature
        different = label[:, None] != label[None, :]
        return jnp.mean(_log_total(near, between, different) - near)

    return Conditioning(lambda real, fake, label: price(real, label), price, True)


def _log_total(near, between, counted):
    """Return log(exp(near) + Σ exp(between)) ``[n]``, over the ``counted`` pairs."""
    pairs = jnp.where(counted, between, -jnp.inf)
    return jax.nn.logsumexp(jnp.concatenate([near[:, None], pairs], 1), axis=1)


def multi_hinge() -> Conditioning:
    """Classify into K labels and one class for fakes: the score of the right class must
    exceed every other score by 1 (Kavalerov et al. 2019, arXiv 1912.04216; the hinge of
    Crammer & Singer 2001). The scores also separate real from fake, so this replaces
    the adversarial loss."""

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
    {ask.__name__: ask if options_of(ask) else ask() for ask in _ASKED},
    Conditioning,
)
