"""How a critic and whoever it judges are scored; every game's adversarial part."""

import dataclasses
from collections.abc import Callable

import jax
import jax.numpy as jnp

from ganjax.objectives.losses import Loss, relabel
from ganjax.objectives.regularizers import Critic


@dataclasses.dataclass(frozen=True)
class Penalty:
    """A regularizer as a term of one player's loss.

    Attributes:
      name: of its metric.
      penalty: an entry of ``REGULARIZERS``.
      knob: name of its weight among the knobs.
      interval: steps from one use to the next. A lazy term (Karras et al. 2020, arXiv
        1912.04958, appendix B) weighs ``interval`` times as much when it is due, so its
        mean strength stays; it is due at the steps whose count, from 1, is a multiple.
      player: the critic whose loss it joins; every critic's if ``None``.
    """

    name: str
    penalty: Callable
    knob: str
    interval: int = 1
    player: str | None = None

    def __call__(self, view, critic, real, fake) -> jax.Array:
        """The unweighted penalty, 0 at a step where it is not due."""
        keys = view.keys(f"penalty/{self.name}", real.shape[0])

        def due():
            return self.penalty(critic, real, fake, keys, mean=view.mean)

        if self.interval == 1:
            return due()
        is_due = (view.step + 1) % self.interval == 0
        return jax.lax.cond(is_due, due, lambda: jnp.zeros(()))

    def weight(self, view) -> jax.Array:
        return view.knobs[self.knob] * self.interval


def _joined(real, fake):
    return jnp.concatenate([real, fake])


@dataclasses.dataclass(frozen=True)
class Adversary:
    """The adversarial part of a game: one loss, its labels, its penalties.

    ``smoothing`` and ``flipping`` name the knobs for the labels (see ``relabel``), or
    are ``None`` where the program holds no such term.
    """

    loss: Loss
    penalties: tuple[Penalty, ...] = ()
    smoothing: str | None = None
    flipping: str | None = None

    def judge(self, view, player, critic, real, fake, condition=None):
        """The critic's loss.

        Args:
          player: name of the player, which picks its penalties.
          critic: name of the network.
          real, fake: ``[n, …]``; ``condition``: ``x -> network inputs`` for a critic
            that sees more than the sample.

        Returns:
          ``(loss, metrics, view)``; the view keeps what the pass over real samples
          wrote. The pass over fake ones starts from the same variables, so both see one
          and the same spectral norm.
        """
        inputs = condition or (lambda x: (x,))
        penalties = [p for p in self.penalties if p.player in (None, player)]

        def apply(x):
            return view.apply(critic, *inputs(x))

        def update(x):
            logits, after = view.update(critic, *inputs(x))
            return logits, after.variables

        passes = Critic(apply)
        lazy = all(penalty.interval > 1 for penalty in penalties)
        if lazy and view.treats_samples_alone(critic):
            both = jax.tree.map(_joined, inputs(real), inputs(fake))
            logits, judged = view.update(critic, *both)
            real_logits, fake_logits = jnp.split(logits, [real.shape[0]])
        else:
            fake_logits, pull_fake = jax.vjp(apply, fake)
            real_logits, pull_real, written = jax.vjp(update, real, has_aux=True)
            judged = dataclasses.replace(view, variables=written)
            passes = Critic(apply, ((real, pull_real), (fake, pull_fake)))
        seen = self._whole(view, real_logits, fake_logits)
        loss = self._labels(view).discriminator(*seen)
        metrics = {
            "real_logit": jnp.mean(real_logits),
            "fake_logit": jnp.mean(fake_logits),
        }
        if self.loss.boundary is not None:
            least_real, most_fake = self.loss.boundary(*seen)
            metrics["real_accuracy"] = jnp.mean(seen[0] > least_real)
            metrics["fake_accuracy"] = jnp.mean(seen[1] < most_fake)
        for penalty in penalties:
            value = penalty(view, passes, real, fake)
            loss = loss + penalty.weight(view) * value
            metrics[penalty.name] = value
        return loss, metrics, judged

    def fool(self, view, critic, fake, real=None, condition=None):
        """The loss of whoever made ``fake``; ``real`` is needed unless the loss is
        separable. Nothing that the critic writes is kept."""
        inputs = condition or (lambda x: (x,))
        fake_logits = view.apply(critic, *inputs(fake))
        if self.loss.separable:
            return self.loss.generator(None, fake_logits)
        real_logits = view.apply(critic, *inputs(real))
        return self.loss.generator(*self._whole(view, real_logits, fake_logits))

    def _whole(self, view, real_logits, fake_logits):
        if self.loss.whole_batch:
            return view.gather(real_logits), view.gather(fake_logits)
        return real_logits, fake_logits

    def _labels(self, view) -> Loss:
        if self.smoothing is None and self.flipping is None:
            return self.loss
        labels = {}
        if self.smoothing is not None:
            labels["smoothing"] = view.knobs[self.smoothing]
        if self.flipping is not None:
            n = jax.tree.leaves(view.batch)[0].shape[0]
            rate = view.knobs[self.flipping]
            for side in ("flip_real", "flip_fake"):
                keys = view.keys(side, n)
                labels[side] = jax.vmap(jax.random.bernoulli, (0, None))(
                    keys, rate
                ).astype(jnp.float32)
        return relabel(self.loss, **labels)
