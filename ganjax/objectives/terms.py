"""Terms of a player's loss that need more than the critic's gradient.

Each term is ``(context, view, numbers) -> (scalar, memory)``. ``context`` holds the
samples and the critic's outputs of the turn. ``numbers`` are the options of the term.
``memory`` is a value that the term keeps for its next turn, or ``None``. A term belongs
to one player.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
from flax.traverse_util import flatten_dict

from ganjax.names import Table
from ganjax.networks.heads import CriticOutput
from ganjax.options import Option

CRITIC, GENERATOR = "critic", "generator"


@dataclasses.dataclass(frozen=True)
class TermContext:
    """The samples and critic outputs of one update, for a term.

    Attributes:
      critic, generator: names of networks; ``generator`` is ``None`` in a game without
        a generator from latents.
      real, fake: samples ``[n, …]``; ``real`` may be ``None`` in the generator's
        update.
      label, latents: labels and latents of the samples, or ``None``.
      generator_inputs: ``(latents [n, d], label) -> inputs`` of the generator. It
        ignores the label if the generator takes none.
      real_output, fake_output: the critic's outputs for ``real`` and ``fake``.
      critic_output: ``(name, x [n, …], label) -> CriticOutput`` for other samples. They
        pass through the same augmentation, with new draws for each ``name``.
      generate: ``latents [n, d] -> samples [n, …]`` with the labels ``label``.
      vary: ``(keys [n], x [n, …]) -> x``, a random change that keeps the content of an
        image; ``None`` if samples are not images.
      memory: the value that the term kept from its last update.
    """

    critic: str
    real: jax.Array | None
    fake: jax.Array
    real_output: CriticOutput | None
    fake_output: CriticOutput
    critic_output: Callable[..., CriticOutput]
    vary: Callable[[jax.Array, jax.Array], jax.Array] | None
    label: jax.Array | None = None
    generator: str | None = None
    latents: jax.Array | None = None
    generator_inputs: Callable[..., tuple] | None = None
    generate: Callable[[jax.Array], jax.Array] | None = None
    memory: Any = None


@dataclasses.dataclass(frozen=True)
class Term:
    """A term and its requirements.

    Attributes:
      function: ``(context, view, numbers) -> (scalar, memory)``.
      player: ``'critic'`` for every critic, or ``'generator'``.
      options: name -> option of the config field ``terms.LABEL.NAME``.
      memory: the value that the term finds in its first update.
      needs: what a config must have for this term, such as ``'images'``. The possible
        needs are the keys of a table in ``config.rules.needs``.
      reads_data: whether it needs real examples in the generator's update.
    """

    function: Callable
    player: str
    options: Mapping[str, Option] = dataclasses.field(default_factory=dict)
    memory: Any = None
    needs: tuple[str, ...] = ()
    reads_data: bool = False


def _moved(context, view, name, x):
    """Return the mean squared change of the critic's logits when ``x`` is varied."""
    varied = context.vary(view.keys(f"vary/{name}", x.shape[0]), x)
    before = context.critic_output(f"consistency/{name}", x, context.label).logits
    after = context.critic_output(f"consistency/{name}", varied, context.label).logits
    return jnp.mean((before - after) ** 2)


def consistency(context, view, numbers):
    """Return E(D(x) − D(T(x)))² over real samples x and small random changes T (CR-GAN;
    Zhang et al. 2020, arXiv 1910.12027, eq. 2)."""
    return _moved(context, view, "real", context.real), None


def balanced_consistency(context, view, numbers):
    """Return E(D(x) − D(T(x)))², summed for real samples x and generated samples x,
    with small random changes T (bCR; Zhao et al. 2021, arXiv 2002.04724, algorithm 1).
    """
    real = _moved(context, view, "real", context.real)
    return real + _moved(context, view, "fake", context.fake), None


def _normal(keys, shape):
    return jax.vmap(lambda key: jax.random.normal(key, shape))(keys)


def _nearby(context, view, numbers):
    n, *size = context.latents.shape
    noise = view.draw("nearby", n, lambda keys: _normal(keys, size))
    near = context.latents + numbers["std"] * noise
    if hasattr(view.networks[context.generator].module, "as_of"):
        # Both latents must get the same random draws in the generator.
        itself, *_ = context.generator_inputs(context.latents, context.label)
        moved = context.generator_inputs(near, context.label)
        return view.apply(context.generator, itself, *moved, method="as_of")
    return context.generate(near)


def latent_consistency(context, view, numbers):
    """Return E(D(G(z)) − D(G(z + Δz)))², Δz ~ N(0, std²), for the critic (its part of
    zCR; Zhao et al. 2021, arXiv 2002.04724, algorithm 2)."""
    near = jax.lax.stop_gradient(_nearby(context, view, numbers))
    logits = context.critic_output("fake", near, context.label).logits
    return jnp.mean((context.fake_output.logits - logits) ** 2), None


def latent_diversity(context, view, numbers):
    """Return −E(G(z) − G(z + Δz))², Δz ~ N(0, std²), a mean over samples and entries.
    It makes the generator react to its latent (the generator's part of zCR; Zhao et al.
    2021, arXiv 2002.04724, algorithm 2)."""
    return -jnp.mean((context.fake - _nearby(context, view, numbers)) ** 2), None


def lecam(context, view, numbers):
    """Return E relu(D(x) − α_F)² + E relu(α_R − D(G(z)))², where α_R and α_F are moving
    averages of the critic's logits on real and on generated samples (LeCam; Tseng et
    al. 2021, arXiv 2104.03310, eq. 4; the relu is from the authors' code, google/
    lecam-gan f9af948).

    As there, the averages take in the logits of a turn before the turn uses them.

    The authors' StyleGAN2 has the decay 0.99 and begins with the first step. Its
    averages are weighted means of all turns so far, without a bias to their first
    value. The authors' BigGAN has the decay 0.9 and ``begin=1000``: before that step
    (counted from 0) the averages are the means of the turn. The term counts after it.
    """
    real, fake = context.real_output.logits, context.fake_output.logits
    begin, held = numbers["begin"], context.memory
    old = numbers["decay"] * held["begun"] * (view.step >= begin)
    new = 1 - jnp.where(view.step >= begin, numbers["decay"], 0.0)

    def averaged(average, logits):
        now = view.mean(jnp.mean(jax.lax.stop_gradient(logits)))
        return (old * average + new * now) / (old + new)

    memory = {
        "real": averaged(held["real"], real),
        "fake": averaged(held["fake"], fake),
        "begun": old + new,  # the weight of all turns so far, which tends to 1
    }
    value = jnp.mean(jax.nn.relu(real - memory["fake"]) ** 2)
    value = value + jnp.mean(jax.nn.relu(memory["real"] - fake) ** 2)
    counts = (view.step > begin) | (jnp.asarray(begin) == 0)
    return jnp.where(counts, value, 0.0), memory


def path_length(context, view, numbers):
    """Return E(‖Jᵀy‖ − a)², where y ~ N(0, I / pixels), J is the generator's Jacobian
    and a is the moving average of ‖Jᵀy‖ (Karras et al. 2020, arXiv 1912.04958, eq. 4).

    J is with respect to the intermediate latents of all layers if the generator has
    them (methods ``styles`` and ``synthesise``), otherwise with respect to the latent.

    The term follows the authors' code (NVlabs/stylegan2-ada-pytorch d72cc7d): E is over
    one in ``shrink`` samples of the batch, styles are mixed as in training, and
    gradients pass through the newest part of the average, ``decay`` times the mean of
    ‖Jᵀy‖. That code draws other latents for this term, in a separate update.
    """
    module = view.networks[context.generator].module
    z, label = context.latents[:: numbers["shrink"]], context.label
    label = None if label is None else label[:: numbers["shrink"]]
    given = context.generator_inputs(z, label)
    if hasattr(module, "synthesise"):
        start = view.apply(context.generator, *given, method="styles")

        def make(w):
            return view.apply(context.generator, w, given[0], method="synthesise")
    else:
        start = z

        def make(z):
            inputs = context.generator_inputs(z, label)
            return view.apply(context.generator, *inputs)

    shape = context.fake.shape[1:]
    pixels = shape[0] * shape[1] if len(shape) == 3 else shape[0]
    y = view.draw("path", start.shape[0], lambda keys: _normal(keys, shape))
    y = y / jnp.sqrt(pixels)
    slope = jax.grad(lambda w: jnp.sum(make(w) * y))(start)
    axes = tuple(range(1, slope.ndim))
    squares = jnp.sum(slope**2, axes)
    if slope.ndim == 3:  # one intermediate latent per layer
        squares = squares / slope.shape[1]
    # The square root has no derivative at zero.
    length = jnp.sqrt(squares + 1e-12)
    mean = view.mean(jnp.mean(length))
    average = context.memory + numbers["decay"] * (mean - context.memory)
    return jnp.mean((length - average) ** 2), jax.lax.stop_gradient(average)


def feature_matching(context, view, numbers):
    """Return ‖E f(x) − E f(G(z))‖², where f are the critic's last features and E is the
    mean over the whole batch (Salimans et al. 2016, arXiv 1606.03498, section 3.1)."""
    real = view.mean(jnp.mean(context.real_output.features, 0))
    fake = view.mean(jnp.mean(context.fake_output.features, 0))
    return jnp.sum((jax.lax.stop_gradient(real) - fake) ** 2), None


def _orthogonal(params, embeddings):
    """Return Σ ‖WᵀW ⊙ (1 − I)‖² over kernels W as matrices ``[inputs, outputs]``, but
    not over the layers named ``embeddings``."""
    total = jnp.zeros(())
    for path, kernel in flatten_dict(params).items():
        if kernel.ndim > 1 and not set(path) & set(embeddings):
            matrix = kernel.reshape(-1, kernel.shape[-1])
            products = matrix.T @ matrix
            total = total + jnp.sum((products - jnp.diag(jnp.diag(products))) ** 2)
    return total


def orthogonal_generator(context, view, numbers):
    """Return Σ ‖WᵀW ⊙ (1 − I)‖² over the generator's kernels W. It is 0 if the columns
    of each kernel are orthogonal, of any length (Brock et al. 2019, arXiv 1809.11096,
    eq. 3).

    An embedding of the label is a list of vectors, not a kernel, so it does not count.
    BigGAN-PyTorch (9845943) excludes it too (``utils.ortho``), and adds half of the
    gradient: its ``--G_ortho 1e-4`` is the weight 5e-5 here.
    """
    embeddings = "embedding", "label_embedding"
    return _orthogonal(view.params[context.generator], embeddings), None


def orthogonal_critic(context, view, numbers):
    """Return Σ ‖WᵀW ⊙ (1 − I)‖² over the critic's kernels W, without its embedding of
    the label. It is 0 if the columns of each kernel are orthogonal, of any length
    (Brock et al. 2019, arXiv 1809.11096, eq. 3)."""
    return _orthogonal(view.params[context.critic], ("label_embedding",)), None


_MOVE = {
    "std": Option(0.05, "standard deviation of the latent change", least=0, knob=True)
}


def _decay(default):
    help = "decay of the moving average"
    return {"decay": Option(default, help, least=0, below=1, knob=True)}


_PATHS = _decay(0.01) | {
    "shrink": Option(2, "the term sees one of so many samples of the batch", least=1)
}
_BEGIN = {"begin": Option(0, "last step without the term", least=0, zero="none")}
_LATENTS, _IMAGES = ("a generator from latents",), ("images",)

TERMS = Table(
    "a Term",
    {
        "consistency": Term(consistency, CRITIC, needs=_IMAGES),
        "balanced_consistency": Term(balanced_consistency, CRITIC, needs=_IMAGES),
        "latent_consistency": Term(latent_consistency, CRITIC, _MOVE, needs=_LATENTS),
        "latent_diversity": Term(latent_diversity, GENERATOR, _MOVE, needs=_LATENTS),
        "lecam": Term(
            lecam,
            CRITIC,
            _decay(0.99) | _BEGIN,
            {"real": 0.0, "fake": 0.0, "begun": 0.0},
        ),
        "path_length": Term(path_length, GENERATOR, _PATHS, 0.0, _LATENTS),
        "feature_matching": Term(feature_matching, GENERATOR, reads_data=True),
        "orthogonal_generator": Term(orthogonal_generator, GENERATOR, needs=_LATENTS),
        "orthogonal_critic": Term(orthogonal_critic, CRITIC),
    },
    Term,
)
