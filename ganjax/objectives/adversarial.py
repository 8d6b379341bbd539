"""Adversarial losses of a critic and a generator."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from ganjax.objectives.conditioning import Conditioning
from ganjax.objectives.critic_inputs import CriticInputs
from ganjax.objectives.losses import Loss, relabel
from ganjax.objectives.passes import critic_output, judge_both, of_samples
from ganjax.objectives.terms import CRITIC, GENERATOR, TermContext
from ganjax.objectives.weighed import Adaptation, Penalty, WeighedTerm, memory_name


@dataclasses.dataclass(frozen=True)
class Adversary:
    """The adversarial part of a game: a loss and its optional additions.

    A knob is a number of the config that the compiled step takes as data.

    Attributes:
      loss: the adversarial loss of both players.
      penalties: penalties on the critic's gradient.
      smoothing, flipping: names of the knobs for label smoothing and label flipping
        (see ``relabel``); ``None`` if they are not used.
      critic_inputs: how samples become the critic's inputs.
      head: how the critic's last layer uses the label (the ``conditioning`` in
        ``networks.heads``); ``None`` without labels.
      conditioning: the label losses of both players; ``None`` for no label loss.
      conditioning_weight: name of the knob with the weight of the label losses.
      terms: further terms of the critic's or the generator's loss.
      adaptation: changes the probability of augmentation; ``None`` keeps it fixed.
      pseudo: ``(keys, real, fake, probability) -> real``, which replaces some real
        samples by generated ones (APA; Jiang et al. 2021, arXiv 2111.06849), or
        ``None``.
      vary: ``(keys [n], x [n, …]) -> x``, a random change that keeps the content of an
        image, for terms; ``None`` if samples are not images.
      top_k: name of the knob with the share of generated samples that the generator
        learns from, largest logits first (Sinha et al. 2020, arXiv 2002.06224,
        section 4); ``None`` for all.
      generator_weight: name of the knob with the weight of the generator's adversarial
        loss; ``None`` for 1. It does not change the weights of terms.
      passes: which training-mode passes write the variables of a network (spectral
        vectors, batch statistics). ``"owner"``: one pass in each update of its owner.
        In PyTorch every pass does, also in the turns of the other player, so that a
        critic has another power iteration in the generator's turn: ``"joined"``, where
        the critic sees real and generated samples in one pass if it can (as in
        BigGAN-PyTorch), and ``"separate"``, where it sees them in two (as in mimicry),
        real samples first. Passes of penalties and of terms write nothing.
    """

    loss: Loss
    penalties: tuple[Penalty, ...] = ()
    smoothing: str | None = None
    flipping: str | None = None
    critic_inputs: CriticInputs = CriticInputs()
    head: str | None = None
    conditioning: Conditioning | None = None
    conditioning_weight: str = "conditioning.weight"
    terms: tuple[WeighedTerm, ...] = ()
    adaptation: Adaptation | None = None
    pseudo: Callable | None = None
    vary: Callable | None = None
    top_k: str | None = None
    generator_weight: str | None = None
    passes: str = "owner"

    def memory(self, critics: Sequence[str], generator: str) -> dict[str, Any]:
        """Return the initial values that the objectives keep between updates, by name.
        An adaptive probability of augmentation starts at 0.

        Args:
          critics, generator: names of the players.
        """
        held = {}
        for weighed in self.terms:
            term = weighed.term
            players = critics if term.player == CRITIC else (generator,)
            if term.memory is not None:
                for player in players:
                    # The first step would change the type of a Python number.
                    held[memory_name(weighed.name, player)] = jax.tree.map(
                        lambda x: jnp.asarray(x, jnp.float32), term.memory
                    )
        if self.adaptation is not None:
            for critic in critics:
                held |= self.adaptation.memory(critic)
        return held

    def intervals(self) -> tuple[int, ...]:
        """Return each n above 1 for which a penalty or a term is lazy: it is computed
        only at every n-th step."""
        found = {lazy.interval for lazy in (*self.penalties, *self.terms)}
        return tuple(sorted(found - {1}))

    def apart(self, player: str, critics: Sequence[str]) -> tuple[int, ...]:
        """Return the intervals of a player's penalties that have separate updates. Only
        ``critics`` have penalties."""
        own = self._penalties(player, apart=True) if player in critics else ()
        return tuple(sorted({penalty.interval for penalty in own}))

    def _penalties(self, player, apart):
        return [
            penalty
            for penalty in self.penalties
            if penalty.apart == apart and penalty.player in (None, player)
        ]

    def reads_data(self) -> bool:
        """Return whether the generator's loss needs real examples."""
        matched = any(weighed.term.reads_data for weighed in self.terms)
        return matched or not self.loss.separable

    def logits(self, view, critic, x, label=None) -> jax.Array:
        """Return the critic's training-mode logits ``[n]`` of generated samples
        ``x [n, …]``, with augmentation and noise."""
        seen = self._shown(view, critic, "fake", x, label)
        return of_samples(view.apply(critic, *seen))

    def scores(self, critic: str, apply: Callable, x, label=None) -> jax.Array:
        """Return the finished critic's logits of samples ``x [n, …]`` in evaluation
        mode, without augmentation or noise. There is one logit per pack of samples that
        the critic judges as one. ``apply(network, *inputs)`` runs a network."""
        return of_samples(apply(critic, *self.critic_inputs.plain(x, label)))

    def critic_loss(
        self, view, player, critic, real, fake, *, label=None, wrong=None, **origin
    ):
        """Return the critic's loss, with its penalties and terms.

        Args:
          view: the ``View`` of the critic's update.
          player: name of the player, which selects its penalties.
          critic: name of the network.
          real, fake: samples ``[n, …]``.
          label: labels ``[n]``, the same for ``real`` and ``fake``, or ``None``.
          wrong: labels of other samples. The real samples with these labels are then
            half of the fakes (GAN-CLS; Reed et al. 2016, arXiv 1605.05396, algorithm
            1), and each real sample is compared with two fakes.
          origin: optional fields of ``TermContext`` that describe where the samples
            came from.

        Returns:
          ``(loss, metrics, view)``. The view keeps the variables that the pass over
          real samples wrote. The pass over fake samples starts from the same variables,
          so both passes use the same spectral norm. With separate ``passes`` it starts
          from the variables of the pass over real samples, and the view keeps what it
          writes. In a separate update (``view.apart``) the loss has only the penalties
          of this update, and no variables are written.
        """
        probability = self._probability(view, critic)
        if self.pseudo is not None:
            keys = view.keys("pseudo", real.shape[0])
            # A relativistic pair must not hold one sample twice, so take one from
            # another place. With labels, take the same place, which has the same label.
            others = fake
            if label is None:
                others = view.share(jnp.roll(view.gather(fake), 1, axis=0))
            real = self.pseudo(keys, real, others, probability)
        packed = self.critic_inputs.pack(real), self.critic_inputs.pack(fake)
        if view.apart is not None:
            return self._apart_loss(view, player, critic, packed, label, probability)
        penalties = self._penalties(player, apart=False)
        terms = [w for w in self.terms if w.term.player == CRITIC]
        full = self.conditioning is not None or bool(terms)

        def inputs(side, x):
            return self.critic_inputs(view, side, x, label, probability)

        real_output, fake_output, after, passes = judge_both(
            view,
            critic,
            inputs,
            *packed,
            passes=self.passes,
            full=full,
            lazy=all(penalty.interval > 1 for penalty in penalties),
        )
        mixed = real_output, fake_output
        if wrong is not None:
            seen = self.critic_inputs(view, "real", packed[0], wrong, probability)
            mismatched = critic_output(view, critic, seen, full)[0].logits
            both = (real_output.logits,) * 2, (fake_output.logits, mismatched)
            mixed = tuple(
                output.replace(logits=jnp.concatenate(logits))
                for output, logits in zip(mixed, both, strict=True)
            )
        loss, metrics = self._judged(view, *mixed, label)
        if wrong is not None:
            metrics["fake_logit"] = jnp.mean(fake_output.logits)
            metrics["wrong_logit"] = jnp.mean(mismatched)
        for penalty in penalties:
            value = penalty(view, passes, *packed)
            loss = loss + penalty.weight(view) * value
            metrics[penalty.name] = value
        judged = real_output, fake_output
        context = self._context(view, critic, (real, fake), judged, label, origin)
        added, own, after = _added(terms, after, player, context)
        if self.adaptation is not None:
            after, own["augmentation"] = self.adaptation(
                after, critic, probability, real_output.logits, real.shape[0]
            )
        return loss + added, metrics | own, after

    def _apart_loss(self, view, player, critic, packed, label, probability):
        def logits(x):
            seen = self.critic_inputs(view, "real", x, label, probability)
            return of_samples(view.apply(critic, *seen))

        loss, metrics = jnp.zeros(()), {}
        for penalty in self._penalties(player, apart=True):
            if penalty.interval == view.apart:
                value = penalty(view, logits, *packed)
                loss = loss + penalty.weight(view) * value
                metrics[penalty.name] = value
        return loss, metrics, view

    def generator_loss(
        self, view, player, critic, fake, real=None, *, label=None, **origin
    ):
        """Return the loss of the generator, with its terms. The view keeps the critic's
        variables as they are, unless ``passes`` says that each pass writes them.

        Args:
          view: the ``View`` of the generator's update.
          player: name of the player.
          critic: name of the critic's network.
          fake: generated samples ``[n, …]``.
          real: real samples ``[n, …]``, needed if ``reads_data()``.
          label: labels ``[n]`` of the samples, or ``None``.
          origin: optional fields of ``TermContext`` that describe where the samples
            came from.

        Returns:
          ``(loss, metrics, view)``.
        """
        terms = [w for w in self.terms if w.term.player == GENERATOR]
        full = self.conditioning is not None or bool(terms)

        def judged(view, side, x):
            seen = self._shown(view, critic, side, x, label)
            output, after = critic_output(view, critic, seen, full)
            return output, view if self.passes == "owner" else after

        fake_output, view = judged(view, "fake", fake)
        real_output = None
        if self.reads_data():
            real_output, view = judged(view, "real", real)
        loss, metrics = self._fooled(view, real_output, fake_output, label)
        if self.generator_weight is not None:
            loss = view.knobs[self.generator_weight] * loss
        both = real_output, fake_output
        context = self._context(view, critic, (real, fake), both, label, origin)
        added, own, view = _added(terms, view, player, context)
        return loss + added, metrics | own, view

    def exchange_loss(self, view, player, critic, real, fake):
        """Return ``(loss, metrics, view)`` of a player that makes a part of both
        ``real`` and ``fake`` and wants the critic to confuse them. If the loss scores
        each sample alone, the critic's loss of fake samples is applied to the real ones
        and added to ``generator_loss``. A relativistic loss already uses both."""
        loss, metrics, view = self.generator_loss(view, player, critic, fake, real)
        if self.loss.separable:
            seen = self._shown(view, critic, "real", real, None)
            loss = loss + jnp.mean(self.loss.on_fake(view.apply(critic, *seen)))
        return loss, metrics, view

    def _judged(self, view, real, fake, label):
        """Return the critic's loss without penalties and terms, and its metrics."""
        seen = self._whole(view, real.logits, fake.logits)
        logits = {"real_logit": real.logits, "fake_logit": fake.logits}
        metrics = {name: jnp.mean(x) for name, x in logits.items()}
        if self.loss.boundary is not None:
            least_real, most_fake = self.loss.boundary(*seen)
            metrics["real_accuracy"] = jnp.mean(seen[0] > least_real)
            metrics["fake_accuracy"] = jnp.mean(seen[1] < most_fake)
        if self.conditioning is None:
            return self._labels(view, real.logits).discriminator(*seen), metrics
        price = self.conditioning.discriminator(
            *self._compared(view, real, fake), self._compared(view, label)[0]
        )
        metrics["label"] = price
        loss = view.knobs[self.conditioning_weight] * price
        if not self.conditioning.replaces_loss:
            labelled = self._labels(view, real.logits)
            loss = loss + labelled.discriminator(*seen)
        return loss, metrics

    def _fooled(self, view, real, fake, label):
        if self.conditioning is None:
            return self._plainly_fooled(view, real, fake), {}
        price = self.conditioning.generator(*self._compared(view, fake, label))
        loss = view.knobs[self.conditioning_weight] * price
        if not self.conditioning.replaces_loss:
            loss = self._plainly_fooled(view, real, fake) + loss
        return loss, {"label": price}

    def _plainly_fooled(self, view, real, fake):
        if self.top_k is not None:
            return self._best_fooled(view, fake.logits)
        if self.loss.separable:
            return self.loss.generator(None, fake.logits)
        return self.loss.generator(*self._whole(view, real.logits, fake.logits))

    def _best_fooled(self, view, logits):
        """Return the mean loss of the largest logits, a share of the whole batch."""
        whole = view.gather(of_samples(jax.lax.stop_gradient(logits)))
        kept = jnp.maximum(jnp.round(view.knobs[self.top_k] * len(whole)), 1)
        rank = jnp.argsort(jnp.argsort(-whole))
        counts = view.share(jnp.where(rank < kept, len(whole) / kept, 0.0))
        return jnp.mean(counts * of_samples(self.loss.on_generated(logits)))

    def _whole(self, view, real_logits, fake_logits):
        if self.loss.whole_batch:
            return view.gather(real_logits), view.gather(fake_logits)
        return real_logits, fake_logits

    def _compared(self, view, *trees):
        """Return ``trees``, gathered from all devices if samples are compared."""
        if not self.conditioning.whole_batch:
            return trees
        return tuple(jax.tree.map(view.gather, tree) for tree in trees)

    def _probability(self, view, critic):
        if self.adaptation is not None:
            return view.memory[memory_name("augmentation", critic)]
        if self.critic_inputs.augment is None and self.pseudo is None:
            return None
        return view.knobs[self.critic_inputs.probability]

    def _shown(self, view, critic, side, x, label):
        """Return the critic's inputs for samples ``x``; see ``CriticInputs``."""
        probability = self._probability(view, critic)
        return self.critic_inputs(
            view, side, self.critic_inputs.pack(x), label, probability
        )

    def _context(self, view, critic, samples, judged, label, origin):
        def critic_output(name, x, label):
            seen = self._shown(view, critic, name, x, label)
            return critic_output(view, critic, seen, True)[0]

        return TermContext(
            critic, *samples, *judged, critic_output, self.vary, label, **origin
        )

    def _labels(self, view, logits) -> Loss:
        if self.smoothing is None and self.flipping is None:
            return self.loss
        labels = {}
        if self.smoothing is not None:
            labels["smoothing"] = view.knobs[self.smoothing]
        if self.flipping is not None:
            rate = view.knobs[self.flipping]
            for side in ("flip_real", "flip_fake"):
                keys = view.keys(side, len(logits))
                flips = jax.vmap(jax.random.bernoulli, (0, None))(keys, rate)
                # All patches of a sample have the same label.
                flips = flips.reshape(-1, *(1,) * (logits.ndim - 1))
                labels[side] = flips.astype(jnp.float32)
        return relabel(self.loss, **labels)


def _added(terms, view, player, context):
    """Return the weighted sum of terms, their metrics, and the view they update."""
    total, metrics = jnp.zeros(()), {}
    for term in terms:
        value, view = term(view, player, context)
        total = total + term.weight(view) * value
        metrics[term.name] = value
    return total, metrics, view
