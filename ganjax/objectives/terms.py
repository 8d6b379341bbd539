"""Terms of a player's loss that need more than its critic's gradient.

Each is ``(scene, view, numbers) -> (scalar, memory)``: ``scene`` is the turn as far as
it went, ``numbers`` are the term's own options, and ``memory`` is what it remembers
from turn to turn (``None`` for a term without). A term belongs to one player.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp

from ganjax.names import Table
from ganjax.networks.heads import Judgement
from ganjax.options import Option

CRITIC, GENERATOR = "critic", "generator"


@dataclasses.dataclass(frozen=True)
class Scene:
    """A turn, as a term sees it.

    Attributes:
      critic, generator: names of networks; ``generator`` is ``None`` in a game that
        makes its samples otherwise.
      real, fake: ``[n, …]``; in a generator's turn ``real`` may be ``None``.
      label, latents: of the samples, ``None`` where there are none.
      given: ``latents [n, d] -> inputs`` of the generator, with the same labels.
      judged_real, judged_fake: what the critic said of them.
      judge: ``(name, x [n, …], label) -> Judgement`` of other samples, seen through
        the same augmentation, drawn anew for another ``name``.
      generate: ``latents [n, d] -> samples [n, …]`` with the same labels.
      vary: ``(keys [n], x [n, …]) -> x``: a change that leaves what is in a picture.
      memory: what the term remembers.
    """

    critic: str
    real: jax.Array | None
    fake: jax.Array
    judged_real: Judgement | None
    judged_fake: Judgement
    judge: Callable[..., Judgement]
    vary: Callable[[jax.Array, jax.Array], jax.Array] | None
    label: jax.Array | None = None
    generator: str | None = None
    latents: jax.Array | None = None
    given: Callable[[jax.Array], tuple] | None = None
    generate: Callable[[jax.Array], jax.Array] | None = None
    memory: Any = None


@dataclasses.dataclass(frozen=True)
class Term:
    """A term and what it takes.

    Attributes:
      function: ``(scene, view, numbers) -> (scalar, memory)``.
      player: ``'critic'``, every critic, or ``'generator'``, who makes the samples.
      options: name -> option, the field ``terms.LABEL.NAME``.
      memory: what it remembers at first.
      needs: of ``config.rules.needs``, what a game must have.
      reads_data: whether it needs real examples in the generator's turn.
    """

    function: Callable
    player: str
    options: Mapping[str, Option] = dataclasses.field(default_factory=dict)
    memory: Any = None
    needs: tuple[str, ...] = ()
    reads_data: bool = False


def _moved(scene, view, name, x):
    """Mean squared change of the critic's logits as ``x`` is varied."""
    varied = scene.vary(view.keys(f"vary/{name}", x.shape[0]), x)
    before = scene.judge(f"consistency/{name}", x, scene.label).logits
    after = scene.judge(f"consistency/{name}", varied, scene.label).logits
    return jnp.mean((before - after) ** 2)


def consistency(scene, view, numbers):
    """E(D(x) − D(T(x)))² over real samples and small changes T (CR-GAN; Zhang et al.
    2020, arXiv 1910.12027, eq. 2)."""
    return _moved(scene, view, "real", scene.real), None


def balanced_consistency(scene, view, numbers):
    """The same over real and over generated samples (bCR; Zhao et al. 2021, arXiv
    2002.04724, algorithm 1)."""
    real = _moved(scene, view, "real", scene.real)
    return real + _moved(scene, view, "fake", scene.fake), None


def _nearby(scene, view, numbers):
    keys = view.keys("nearby", scene.latents.shape[0])
    size = scene.latents.shape[1:]
    noise = jax.vmap(lambda key: jax.random.normal(key, size))(keys)
    near = scene.latents + numbers["std"] * noise
    if hasattr(view.networks[scene.generator].module, "as_of"):
        # What is drawn besides the latent must not be another.
        itself, *_ = scene.given(scene.latents)
        moved = scene.given(near)
        return view.apply(scene.generator, itself, *moved, method="as_of")
    return scene.generate(near)


def latent_consistency(scene, view, numbers):
    """E(D(G(z)) − D(G(z + Δz)))², Δz ~ N(0, std²) (the critic's part of zCR; Zhao et
    al. 2021, arXiv 2002.04724, algorithm 2)."""
    near = jax.lax.stop_gradient(_nearby(scene, view, numbers))
    logits = scene.judge("fake", near, scene.label).logits
    return jnp.mean((scene.judged_fake.logits - logits) ** 2), None


def latent_diversity(scene, view, numbers):
    """−E(G(z) − G(z + Δz))², the mean over entries: the generator shall answer to its
    latent (its part of zCR; Zhao et al. 2021, arXiv 2002.04724, algorithm 2)."""
    return -jnp.mean((scene.fake - _nearby(scene, view, numbers)) ** 2), None


def lecam(scene, view, numbers):
    """E relu(D(x) − α_F)² + E relu(α_R − D(G(z)))² with moving averages α of the
    critic's logits on real (R) and generated (F) samples (Tseng et al. 2021, arXiv
    2104.03310, eq. 4; the authors' code has the relu)."""
    real, fake = scene.judged_real.logits, scene.judged_fake.logits
    value = jnp.mean(jax.nn.relu(real - scene.memory["fake"]) ** 2)
    value = value + jnp.mean(jax.nn.relu(scene.memory["real"] - fake) ** 2)
    # The first averages are what was first seen, whenever that is.
    decay = numbers["decay"] * scene.memory["begun"]

    def averaged(old, logits):
        new = view.mean(jnp.mean(jax.lax.stop_gradient(logits)))
        return decay * old + (1 - decay) * new

    return value, {
        "real": averaged(scene.memory["real"], real),
        "fake": averaged(scene.memory["fake"], fake),
        "begun": jnp.ones(()),
    }


def path_length(scene, view, numbers):
    """E(‖Jᵀy‖ − a)², y ~ N(0, I / pixels), J the generator's derivative by its latent
    and a the moving average of ‖Jᵀy‖ (Karras et al. 2020, arXiv 1912.04958, eq. 4).

    By the intermediate latent where the generator has one (methods ``map`` and
    ``synthesise``), else by its latent.
    """
    module = view.networks[scene.generator].module
    if hasattr(module, "synthesise"):
        given = scene.given(scene.latents)
        start = view.apply(scene.generator, *given, method="map")

        def make(w):
            return view.apply(scene.generator, w, given[0], method="synthesise")
    else:
        start, make = scene.latents, scene.generate
    shape = scene.fake.shape[1:]
    pixels = shape[0] * shape[1] if len(shape) == 3 else shape[0]
    keys = view.keys("path", start.shape[0])
    y = jax.vmap(lambda key: jax.random.normal(key, shape))(keys) / jnp.sqrt(pixels)
    slope = jax.grad(lambda w: jnp.sum(make(w) * y))(start)
    axes = tuple(range(1, slope.ndim))
    squares = jnp.sum(slope**2, axes)
    if slope.ndim == 3:  # a latent for every layer
        squares = squares / slope.shape[1]
    # The square root has no derivative at zero.
    length = jnp.sqrt(squares + 1e-12)
    mean = view.mean(jnp.mean(jax.lax.stop_gradient(length)))
    average = scene.memory + numbers["decay"] * (mean - scene.memory)
    return jnp.mean((length - average) ** 2), average


def feature_matching(scene, view, numbers):
    """‖E f(x) − E f(G(z))‖² of the critic's last features, means over the whole batch
    (Salimans et al. 2016, arXiv 1606.03498, section 3.1)."""
    real = view.mean(jnp.mean(scene.judged_real.features, 0))
    fake = view.mean(jnp.mean(scene.judged_fake.features, 0))
    return jnp.sum((jax.lax.stop_gradient(real) - fake) ** 2), None


def _orthogonal(params):
    """Σ ‖WᵀW ⊙ (1 − I)‖² over kernels as matrices ``[inputs, outputs]``."""
    total = jnp.zeros(())
    for kernel in jax.tree.leaves(params):
        if kernel.ndim > 1:
            matrix = kernel.reshape(-1, kernel.shape[-1])
            products = matrix.T @ matrix
            total = total + jnp.sum((products - jnp.diag(jnp.diag(products))) ** 2)
    return total


def orthogonal_generator(scene, view, numbers):
    """Kernels with orthogonal columns of any length (Brock et al. 2019, arXiv
    1809.11096, eq. 3), in the generator."""
    return _orthogonal(view.params[scene.generator]), None


def orthogonal_critic(scene, view, numbers):
    """The same in the critic."""
    return _orthogonal(view.params[scene.critic]), None


_MOVE = {
    "std": Option(0.05, "standard deviation of the latent's move", least=0, knob=True)
}


def _decay(default):
    help = "decay of the moving average"
    return {"decay": Option(default, help, least=0, below=1, knob=True)}


_LATENTS, _IMAGES = ("a generator from latents",), ("images",)

TERMS = Table(
    "a Term",
    {
        "consistency": Term(consistency, CRITIC, needs=_IMAGES),
        "balanced_consistency": Term(balanced_consistency, CRITIC, needs=_IMAGES),
        "latent_consistency": Term(latent_consistency, CRITIC, _MOVE, needs=_LATENTS),
        "latent_diversity": Term(latent_diversity, GENERATOR, _MOVE, needs=_LATENTS),
        "lecam": Term(
            lecam, CRITIC, _decay(0.99), {"real": 0.0, "fake": 0.0, "begun": 0.0}
        ),
        "path_length": Term(path_length, GENERATOR, _decay(0.01), 0.0, _LATENTS),
        "feature_matching": Term(feature_matching, GENERATOR, reads_data=True),
        "orthogonal_generator": Term(orthogonal_generator, GENERATOR, needs=_LATENTS),
        "orthogonal_critic": Term(orthogonal_critic, CRITIC),
    },
    Term,
)
