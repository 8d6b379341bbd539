"""The last layer of a discriminator: from the features of a sample to its output.

A conditioning, which is a way to use the label, decides which outputs there are in
addition to the logit. The losses of these outputs are in ``objectives.conditioning``.
"""

import flax.struct
import jax
import jax.numpy as jnp

from ganjax.networks.layers import Linear

EMBEDDING = 64  # length of the vectors that contrastive conditionings compare


@flax.struct.dataclass
class CriticOutput:
    """The output of a discriminator for ``n`` samples.

    Attributes:
      logits: ``[n]``, large for samples that look real.
      features: ``[n, d]``, the input of the last layer, or ``None``.
      outputs: by name, each ``[n, …]``: ``classes`` ``[n, K]`` or ``[n, 2K]``,
        ``twin_classes`` ``[n, K]``, ``embedding`` (of the sample) and ``proxy`` (of its
        label), both ``[n, embedding]`` with norm 1, and ``hinges`` ``[n, K + 1]``.
    """

    logits: jax.Array
    features: jax.Array | None = None
    outputs: dict[str, jax.Array] = flax.struct.field(default_factory=dict)


def head(
    features,
    label,
    *,
    conditioning: str,
    classes: int,
    embedding: int = EMBEDDING,
    biased: bool = True,
    **options,
) -> CriticOutput:
    """Apply the last layer of a discriminator. Call it inside a compact method.

    Args:
      features: ``[n, d]``.
      label: ``[n]``, or ``None`` without labels.
      conditioning: a name below; it decides how the label is used. Another name gives
        only a logit.
      classes: the number of labels K.
      embedding: the length of the vectors of ``contrastive`` and ``data_to_data``.
      biased: whether the logit has a bias.
      options: options of the ``Linear`` layers.

    Conditionings:
      ``projection`` adds to the logit the product of the features and an embedding of
        the label (Miyato & Koyama 2018, arXiv 1802.05637, eq. 3).
      ``auxiliary_classifier`` has one further logit per class (Odena et al. 2017, arXiv
        1610.09585).
      ``twin_auxiliary_classifier`` has two per class (Gong et al. 2019, arXiv
        1907.02690).
      ``discriminative_classifier`` has two per class, for real and fake (Hou et al.
        2022, arXiv 2107.10060).
      ``contrastive`` (Kang & Park 2020, arXiv 2006.12681) and ``data_to_data`` (Kang et
        al. 2021, arXiv 2111.01118) map sample and label to vectors of norm 1.
      ``multi_hinge`` has one score per class and one for fakes (Kavalerov et al. 2021,
        arXiv 1912.04216). Its logit is the label's score minus the score for fakes.
      ``class_logits`` has one score per class, and fakes have the score 0. Its logit is
        log Σ exp of the scores (Salimans et al. 2016, arXiv 1606.03498, section 5).
    """
    options = {"dtype": jnp.float32} | options
    features = features.astype(options["dtype"])

    def linear(x, n, name=None, **more):
        made = Linear(n, name=name, **more, **options)(x)
        return made.astype(jnp.float32)

    def of_label(n):
        one_hot = jax.nn.one_hot(label, classes, dtype=features.dtype)
        return linear(one_hot, n, "label_embedding", use_bias=False, embeds=True)

    wide = features.astype(jnp.float32)
    if conditioning == "multi_hinge":
        hinges = linear(features, classes + 1, "hinges")
        own = jnp.take_along_axis(hinges, label[:, None], 1)[:, 0]
        return CriticOutput(own - hinges[:, classes], wide, {"hinges": hinges})
    if conditioning == "class_logits":
        scores = linear(features, classes, "classifier")
        logits = jax.nn.logsumexp(scores, axis=-1)
        return CriticOutput(logits, wide, {"classes": scores})
    logits = linear(features, 1, use_bias=biased)[:, 0]
    outputs = {}
    if conditioning == "projection":
        logits = logits + jnp.sum(of_label(features.shape[-1]) * wide, -1)
    if conditioning in ("auxiliary_classifier", "twin_auxiliary_classifier"):
        outputs["classes"] = linear(features, classes, "classifier")
    if conditioning == "twin_auxiliary_classifier":
        outputs["twin_classes"] = linear(features, classes, "twin_classifier")
    if conditioning == "discriminative_classifier":
        outputs["classes"] = linear(features, 2 * classes, "classifier")
    if conditioning in ("contrastive", "data_to_data"):
        outputs["embedding"] = _unit(linear(features, embedding, "embedding"))
        outputs["proxy"] = _unit(of_label(embedding))
    return CriticOutput(logits, wide, outputs)


def _unit(x):
    # The norm has no derivative at zero.
    return x * jax.lax.rsqrt(jnp.sum(x**2, -1, keepdims=True) + 1e-12)
