"""CycleGAN (Zhu et al. 2017, arXiv 1703.10593): translation between two domains, learnt
from unpaired examples."""

import functools

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.games.recipe import Parts, Recipe, weight
from ganjax.model import Sampler

# Number of past translations that are stored for each critic (section 4, after
# Shrivastava et al. 2017, arXiv 1612.07828).
POOL_SIZE = 50


def cyclegan(parts: Parts) -> tuple[Game, Sampler]:
    """Build two generators, two critics, and a pool of past translations per critic
    (Zhu et al. 2017).

    One player trains both generators. Its loss is the sum of their adversarial losses,
    plus ``weights.cycle`` times the L1 error of translating there and back (eq. 2 of
    the paper), plus ``weights.identity`` times the L1 error of translating an example
    that is already in the target domain (section 5.2). The default weights are the
    paper's. They belong to the loss ``least_squares_unhalved``: with ``least_squares``
    they count twice as much.

    The authors' code (junyanz/pytorch-CycleGAN-and-pix2pix 003efc4) translates once a
    step, before the generators' update, and its critics see these translations. The
    dynamics ``simultaneous`` does the same. With alternating turns the critics see
    translations of the updated generators. The authors' three updates of a step also
    share one batch. Here each player has its own examples. Their code averages no
    parameters, and its rates fall linearly to 0 in the second half of the training (a
    section ``schedules`` with ``begin`` at the half).
    """
    adversary = parts.adversary

    def generators(owned, view):
        a, b = view.batch["a"], view.batch["b"]
        fake_b, view = view.update("a_to_b", a)
        fake_a, view = view.update("b_to_a", b)
        fooled, metrics = jnp.zeros(()), {}
        for domain, fake, real in (("b", fake_b, b), ("a", fake_a, a)):
            loss, own, view = adversary.generator_loss(
                view, "generators", f"critic_{domain}", fake, real
            )
            fooled = fooled + loss
            metrics |= {f"{name}_{domain}": value for name, value in own.items()}
        to_a, to_b = (functools.partial(view.apply, n) for n in ("b_to_a", "a_to_b"))
        cycle = _l1(to_a(fake_b), a) + _l1(to_b(fake_a), b)
        identity = _l1(to_b(b), b) + _l1(to_a(a), a)
        loss = fooled + view.knobs["weights.cycle"] * cycle
        loss = loss + view.knobs["weights.identity"] * identity
        metrics |= {"adversarial": fooled, "cycle": cycle, "identity": identity}
        return loss, view.report(**metrics)

    def critic(domain, other):
        name, place = f"critic_{domain}", f"pool_{domain}"

        def objective(owned, view):
            made = view.apply(f"{other}_to_{domain}", view.batch[other])
            swaps, slots = view.draw("pool", made.shape[0], _chances)
            pool, shown = _exchange(
                view.memory[place], *map(view.gather, (made, swaps, slots))
            )
            view = view.remember(**{place: pool})
            real, fake = view.batch[domain], view.share(shown)
            loss, metrics, view = adversary.critic_loss(view, name, name, real, fake)
            return loss, view.report(**metrics)

        return objective

    def translate(apply, a):
        return apply("a_to_b", a)

    shape, seen = parts.shape, adversary.critic_inputs.shape(parts.shape)
    empty = {"images": jnp.zeros((POOL_SIZE, *shape)), "filled": jnp.array(0)}
    game = Game(
        networks={
            "a_to_b": parts.network("a_to_b", shape, output=shape),
            "b_to_a": parts.network("b_to_a", shape, output=shape),
            "critic_a": parts.network("critic_a", seen),
            "critic_b": parts.network("critic_b", seen),
        },
        players=(
            parts.player("generators", ("a_to_b", "b_to_a"), generators),
            parts.player("critic_a", ("critic_a",), critic("a", "b")),
            parts.player("critic_b", ("critic_b",), critic("b", "a")),
        ),
        ema=("a_to_b", "b_to_a"),
        memory=lambda key: {
            "pool_a": empty,
            "pool_b": empty,
            **adversary.memory(("critic_a", "critic_b"), "generators"),
        },
    )
    sampler = Sampler(
        generate=lambda apply, keys: translate(apply, parts.examples(keys)["a"]),
        abilities={"translate": translate},
    )
    return game, sampler


def _l1(x, y):
    return jnp.mean(jnp.abs(x - y))


def _chances(keys):
    """Draw for each key whether an image is swapped, and the slot of a full pool."""

    def one(key):
        coin, slot = jax.random.split(key)
        return jax.random.bernoulli(coin), jax.random.randint(slot, (), 0, POOL_SIZE)

    return jax.vmap(one)(keys)


def _exchange(pool, images, swaps, slots):
    """Return the next pool and the images ``[n, …]`` that the critic sees. While the
    pool fills, these are ``images``. Later each image is swapped with the stored one in
    its slot if ``swaps [n]`` holds. ``slots [n]`` are indices."""

    def one(pool, inputs):
        image, swap, slot = inputs
        filling = pool["filled"] < POOL_SIZE
        swap = ~filling & swap
        place = jnp.where(filling, pool["filled"], slot)
        stored = pool["images"][place]
        kept = jnp.where(filling | swap, image, stored)
        pool = {
            "images": pool["images"].at[place].set(kept),
            "filled": jnp.minimum(pool["filled"] + 1, POOL_SIZE),
        }
        return pool, jnp.where(swap, stored, image)

    return jax.lax.scan(one, pool, (images, swaps, slots))


CYCLEGAN = Recipe(
    make=cyclegan,
    networks={
        "a_to_b": "generator",
        "b_to_a": "generator",
        "critic_a": "discriminator",
        "critic_b": "discriminator",
    },
    players=("generators", "critic_a", "critic_b"),
    critics=("critic_a", "critic_b"),
    weights={
        "cycle": weight(10.0, "the L1 error of translating there and back"),
        "identity": weight(5.0, "the L1 error of translating target examples"),
    },
    reads=("a", "b"),
    latents=False,
)
