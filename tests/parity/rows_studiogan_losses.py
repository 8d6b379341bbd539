"""ganjax's losses, terms and penalties against PyTorch-StudioGAN's, on given logits,
scores and embeddings."""

import types

import jax
import jax.numpy as jnp
import numpy as np

from ganjax.networks.heads import CriticOutput
from ganjax.objectives import CONDITIONINGS, LOSSES, REGULARIZERS, TERMS
from ganjax.objectives.terms import TermContext
from tests.parity import rule
from tests.parity.networks import on_one_device
from tests.parity.row import Row
from tests.parity.tensors import last

N, CLASSES, LENGTH = 8, 4, 16
LABEL = rule.labels("label", N, CLASSES)
LOSS_NAMES = {  # StudioGAN's name -> ganjax's
    "vanilla": "non_saturating",
    "logistic": "non_saturating",
    "ls": "least_squares",
    "wasserstein": "wasserstein",
    "hinge": "hinge",
}


def case(name, loss, **arrays):
    """Return the value of a loss and its gradients, named as in the oracle."""
    both = jax.value_and_grad(lambda values: loss(**values))
    value, slopes = on_one_device(both, arrays)
    found = {f"loss/{name}": value}
    return found | {f"gradient/{name} {x}": slope for x, slope in slopes.items()}


def adversarial(fixture):
    real, fake = rule.numbers("real", (N,)), rule.numbers("fake", (N,))
    found = {}
    for name, ours in LOSS_NAMES.items():
        loss = LOSSES[ours]
        found |= case(f"{name} discriminator", loss.discriminator, real=real, fake=fake)
        found |= case(
            f"{name} generator",
            lambda fake, loss=loss: loss.generator(None, fake),
            fake=fake,
        )
    return found


def conditioning(name, **options):
    section = {"discriminator": name, **options}
    return CONDITIONINGS.make("conditioning.discriminator", section)


def judged(**outputs):
    return CriticOutput(jnp.zeros(N), None, outputs)


def _unit(x):
    return x / jnp.linalg.norm(x, axis=1, keepdims=True)


def embeddings(title, name, **options):
    """Return ``ours`` of a loss of embeddings, which get the norm 1 first."""

    def ours(fixture):
        made = conditioning(name, **options)

        def loss(embed, proxy):
            pair = judged(embedding=_unit(embed), proxy=_unit(proxy))
            return made.generator(pair, LABEL)

        arrays = {x: rule.numbers(x, (N, LENGTH)) for x in ("embed", "proxy")}
        return case(title, loss, **arrays)

    return ours


def classifiers(fixture):
    scores = {x: rule.numbers(x, (N, CLASSES)) for x in ("real", "fake", "twin")}
    auxiliary = conditioning("auxiliary_classifier")
    twin = conditioning("twin_auxiliary_classifier")
    found = case(
        "AC discriminator",
        lambda real, fake: auxiliary.discriminator(
            judged(classes=real), judged(classes=fake), LABEL
        ),
        real=scores["real"],
        fake=scores["fake"],
    )
    found |= case(
        "TAC discriminator",
        lambda real, twin_scores: twin.discriminator(
            judged(classes=real), judged(twin_classes=twin_scores), LABEL
        ),
        real=scores["real"],
        twin_scores=scores["twin"],
    )
    found |= case(
        "TAC generator",
        lambda fake, twin_scores: twin.generator(
            judged(classes=fake, twin_classes=twin_scores), LABEL
        ),
        fake=scores["fake"],
        twin_scores=scores["twin"],
    )
    # Theirs: real and generated alternate. Ours: first all real, then all generated.
    order = np.arange(2 * CLASSES).reshape(CLASSES, 2).T.ravel()
    both = conditioning("discriminative_classifier")
    wide = {x: rule.numbers(f"wide {x}", (N, 2 * CLASSES)) for x in ("real", "fake")}
    found |= case(
        "ADC discriminator",
        lambda real, fake: both.discriminator(
            judged(classes=real[:, order]), judged(classes=fake[:, order]), LABEL
        ),
        **wide,
    )
    found |= case(
        "ADC generator",
        lambda fake: both.generator(judged(classes=fake[:, order]), LABEL),
        fake=wide["fake"],
    )
    return {name.replace("twin_scores", "twin"): x for name, x in found.items()}


def multi_hinge(fixture):
    made = conditioning("multi_hinge")
    scores = {
        x: rule.numbers(f"hinges {x}", (N, CLASSES + 1)) for x in ("real", "fake")
    }
    found = case(
        "MH discriminator",
        lambda real, fake: made.discriminator(
            judged(hinges=real), judged(hinges=fake), LABEL
        ),
        **scores,
    )
    return found | case(
        "MH generator",
        lambda fake: made.generator(judged(hinges=fake), LABEL),
        fake=scores["fake"],
    )


class _View:
    """A view whose random draws are zero, and whose keys are names."""

    networks = {"generator": types.SimpleNamespace(module=None)}

    def keys(self, name, n):
        return name

    def draw(self, name, n, sample):
        return jnp.zeros((n, 1))


def _term(name, *, real=None, varied=None, fake=None, varied_fake=None, logits=None):
    """Return the value of a term. The critic's logit of a sample is the sample itself,
    or ``logits`` are given. The changed samples are given."""
    changed = {"vary/real": varied, "vary/fake": varied_fake}

    def judge(name, x, label):
        return CriticOutput(x if logits is None else logits)

    context = TermContext(
        critic="discriminator",
        real=real,
        fake=fake,
        real_output=None,
        fake_output=CriticOutput(fake),
        critic_output=judge,
        vary=lambda name, x: changed[name],
        generator="generator",
        latents=jnp.zeros((N, 1)),
        generate=lambda z: varied_fake,
    )
    return TERMS[name].function(context, _View(), {"std": 0.05})[0]


def consistency(fixture):
    def numbers(name, *shape):
        return rule.numbers(name, shape or (N,))

    real = {"real": numbers("logits real"), "varied": numbers("logits varied real")}
    fake, varied = numbers("logits fake"), numbers("logits varied")

    found = case("CR", lambda **x: _term("consistency", **x), **real)
    found |= case(
        "bCR",
        lambda **x: _term("balanced_consistency", **x),
        **real,
        fake=fake,
        varied_fake=varied,
    )
    found |= case(
        "zCR discriminator",
        lambda fake, varied: _term(
            "latent_consistency", fake=fake, varied_fake=varied, logits=varied
        ),
        fake=fake,
        varied=varied,
    )
    return found | case(
        "zCR generator",
        lambda fake, near: _term("latent_diversity", fake=fake, varied_fake=near),
        **{x: numbers(f"images {x}", N, 3, 4, 4) for x in ("fake", "near")},
    )


def penalties(fixture):
    """Penalties of the critic a·tanh(Wx) for images [n, 16, 16, 3]."""
    keys = jax.random.split(jax.random.key(0), N)
    real, fake = (last(rule.images(x, (N, 3, 16, 16))) for x in ("real", "fake"))
    drawn = jax.vmap(jax.random.uniform)(keys)
    entries = jax.vmap(
        lambda key: jax.random.uniform(jax.random.split(key)[1], real.shape[1:])
    )(keys)
    found = {f"output/draws of {name}": drawn for name in ("wgan_gp", "max_gp")}
    found["output/draws of dragan"] = entries
    for name in ("wgan_gp", "max_gp", "dragan", "r1"):

        def loss(kernel, last, name=name):
            def critic(x):
                x = jnp.moveaxis(x, -1, 1).reshape(len(x), -1)
                return jnp.tanh(x @ kernel / 8) @ last

            return REGULARIZERS[name](critic, real, fake, keys)

        arrays = {"kernel": rule.numbers("kernel", (768, 8))}
        found |= case(name, loss, **arrays, last=rule.numbers("last", (8,)))
    return found


def _conditionings(*names):
    return tuple(("conditionings", name) for name in names)


SOURCE = "PyTorch-StudioGAN"
ROWS = [
    Row(
        "studiogan_adversarial",
        tuple(("losses", name) for name in dict.fromkeys(LOSS_NAMES.values())),
        SOURCE,
        "losses of both players and gradients by logits",
        adversarial,
    ),
    Row(
        "studiogan_contrastive",
        _conditionings("contrastive"),
        SOURCE,
        "2C loss and gradients by embeddings",
        embeddings("2C", "contrastive"),
    ),
    Row(
        "studiogan_data_to_data",
        (*_conditionings("data_to_data"), ("configs", "reacgan_cifar10")),
        SOURCE,
        "D2D-CE loss with `conditioning.shift_negatives=True`, gradients by embeddings",
        embeddings("D2D-CE", "data_to_data", shift_negatives=True),
    ),
    Row(
        "reacgan_equation",
        _conditionings("data_to_data"),
        "arXiv 2111.01118, equation 9",
        "D2D-CE loss without a shift, gradients by embeddings",
        embeddings("D2D-CE", "data_to_data", shift_negatives=False),
    ),
    Row(
        "studiogan_classifiers",
        _conditionings(
            "auxiliary_classifier", "twin_auxiliary_classifier",
            "discriminative_classifier",
        ),
        SOURCE,
        "losses of AC, TAC and ADC, gradients by scores",
        classifiers,
        differs="of TAC the losses alone: their worker gives the twin's loss the "
        "scores of the first classifier, so that the generator's two losses cancel; "
        "ours has the twin's scores, as in the paper",
    ),
    Row(
        "studiogan_multi_hinge",
        _conditionings("multi_hinge"),
        SOURCE,
        "losses of both players, gradients by scores",
        multi_hinge,
    ),
    Row(
        "studiogan_consistency",
        tuple(
            ("terms", name)
            for name in (
                "consistency", "balanced_consistency", "latent_consistency",
                "latent_diversity",
            )
        ),
        SOURCE,
        "CR, bCR and zCR, gradients by logits and images",
        consistency,
        differs="they also compare the scores of AC and the embeddings of 2C and "
        "D2D-CE; ours, as the papers, the logits alone",
    ),
    Row(
        "studiogan_penalties",
        tuple(("penalties", name) for name in ("wgan_gp", "max_gp", "dragan", "r1")),
        SOURCE,
        "penalties of a small critic with the draws given, gradients by its parameters",
        penalties,
        differs="of DRAGAN their deviation of the batch divides by n − 1, not by n",
    ),
]  # fmt: skip
