"""Penalties on a critic's gradient with respect to its input.

Each penalty is ``(critic, real, fake, keys, mean) -> scalar``. ``critic`` is a function
``x [n, …] -> logits [n]``, or a ``CriticPass``, and treats samples separately. ``real``
and ``fake`` have the shape ``[n, …]``. ``keys [n]``, one for each sample, are for
random draws. Recorded draws (``View.draw``) can take their place. ``mean`` averages a
scalar over devices, for statistics of the whole batch. A norm is taken over all entries
of a sample.
"""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp

from ganjax.names import Table


@dataclasses.dataclass(frozen=True)
class CriticPass:
    """A critic with the gradients of samples that it has already judged.

    These gradients need no second forward pass, and loss and penalty are differentiated
    together. A penalty then costs three forward passes instead of five.

    Attributes:
      logits: ``x [n, …] -> [n]``.
      judged: pairs ``(x, gradients)``. The function ``gradients()`` returns the
        gradient of each sample's logit with respect to ``x [n, …]``.
    """

    logits: Callable[[jax.Array], jax.Array]
    judged: tuple[tuple[jax.Array, Callable[[], jax.Array]], ...] = ()

    def __call__(self, x: jax.Array) -> jax.Array:
        return self.logits(x)


def _here(x):
    return x


def _gradients(critic, x):
    """Return ∇ₓ critic(x) per sample, as the gradient of the sum over samples."""
    for samples, gradients in getattr(critic, "judged", ()):
        if samples is x:
            return gradients()
    return jax.grad(lambda x: jnp.sum(critic(x)))(x)


def _squared_norm(x):
    return jnp.sum(x**2, axis=tuple(range(1, x.ndim)))


def _one_centred(gradients):
    # The square root has no derivative at zero; a dead critic would give NaN.
    norm = jnp.sqrt(_squared_norm(gradients) + 1e-12)
    return jnp.mean((norm - 1) ** 2)


def _drawn(keys, sample, *inputs):
    """Return ``sample(key, *inputs)`` for each key, or ``keys`` if they are recorded
    draws."""
    if jnp.issubdtype(keys.dtype, jax.dtypes.prng_key):
        return jax.vmap(sample)(keys, *inputs)
    return keys


def _between(real, fake, keys):
    """Draw a point on each segment between a real and a fake sample. A recorded draw is
    ``t [n]`` in [0, 1], 0 for the real sample."""
    t = _drawn(keys, jax.random.uniform)
    t = t.reshape((-1,) + (1,) * (real.ndim - 1))
    return real + t * (fake - real)


def r1(critic, real, fake, keys, mean=_here):
    """Return ½ E‖∇D(x)‖² at real samples x (Mescheder et al. 2018, arXiv 1801.04406,
    eq. 9). The weight is the paper's γ."""
    return jnp.mean(0.5 * _squared_norm(_gradients(critic, real)))


def r2(critic, real, fake, keys, mean=_here):
    """Return ½ E‖∇D(G(z))‖² at generated samples (Mescheder et al. 2018, arXiv
    1801.04406, eq. 10). The weight is the paper's γ."""
    return jnp.mean(0.5 * _squared_norm(_gradients(critic, fake)))


def wgan_gp(critic, real, fake, keys, mean=_here):
    """Return E(‖∇D(x̂)‖ − 1)² at random points x̂ on the lines from real to fake
    samples (Gulrajani et al. 2017, arXiv 1704.00028, eq. 3). The weight is the paper's
    λ."""
    return _one_centred(_gradients(critic, _between(real, fake, keys)))


def dragan(critic, real, fake, keys, mean=_here):
    """Return E(‖∇D(x + δ)‖ − 1)² around real samples x (Kodali et al. 2017, arXiv
    1705.07215). As in the authors' code, δ = ½·α·std(X)·u, where std(X) is over all
    entries of the batch, u ~ U[0, 1] is drawn per entry and α ~ U[0, 1] per sample. A
    recorded draw is α·u ``[n, …]``."""
    centre = mean(jnp.mean(real))
    std = jnp.sqrt(mean(jnp.mean((real - centre) ** 2)))

    def perturbation(key, x):
        alpha, u = jax.random.split(key)
        return jax.random.uniform(alpha) * jax.random.uniform(u, x.shape)

    noise = _drawn(keys, perturbation, real)
    return _one_centred(_gradients(critic, real + 0.5 * std * noise))


def max_gp(critic, real, fake, keys, mean=_here):
    """Return the maximum of ‖∇D(x̂)‖² over the batch, at random points x̂ on the lines
    from real to fake samples. Only the largest slope counts (Zhou et al. 2019,
    Lipschitz generative adversarial nets, arXiv 1902.05687, section 4). On several
    devices it is the mean of the devices' maxima."""
    return jnp.max(_squared_norm(_gradients(critic, _between(real, fake, keys))))


REGULARIZERS = Table(
    "a penalty, (critic, real, fake, keys, mean) -> scalar",
    {"r1": r1, "r2": r2, "wgan_gp": wgan_gp, "dragan": dragan, "max_gp": max_gp},
    takes=5,
)
