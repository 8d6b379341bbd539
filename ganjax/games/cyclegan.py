"""CycleGAN (Zhu et al. 2017, arXiv 1703.10593): translation between two domains from
unpaired examples."""

import jax
import jax.numpy as jnp

from ganjax.core import Game
from ganjax.games.recipe import Parts, Recipe

# Past translations that a critic is also shown (section 4, after Shrivastava et al.
# 2017, arXiv 1612.07828).
POOL_SIZE = 50


def cyclegan(parts: Parts) -> Game:
    """Two generators, two critics, and a pool of past translations for each critic.

    The generators are one player: their adversarial losses, ``weights.cycle`` times the
    L1 error of going there and back (eq. 2), and ``weights.identity`` times that of
    translating what is in the target domain already (section 5.2).
    """
    adversary = parts.adversary

    def generators(owned, view):
        a, b = view.batch["a"], view.batch["b"]
        fake_b, view = view.update("a_to_b", a)
        fake_a, view = view.update("b_to_a", b)
        fooled, metrics = jnp.zeros(()), {}
        for domain, fake, real in (("b", fake_b, b), ("a", fake_a, a)):
            loss, own, view = adversary.fool(
                view, "generators", f"critic_{domain}", fake, real
            )
            fooled = fooled + loss
            metrics |= {f"{name}_{domain}": value for name, value in own.items()}
        cycle = _l1(view.apply("b_to_a", fake_b), a) + _l1(
            view.apply("a_to_b", fake_a), b
        )
        identity = _l1(view.apply("a_to_b", b), b) + _l1(view.apply("b_to_a", a), a)
        loss = (
            fooled
            + view.knobs["weights.cycle"] * cycle
            + view.knobs["weights.identity"] * identity
        )
        return loss, view.report(
            adversarial=fooled, cycle=cycle, identity=identity, **metrics
        )

    def critic(domain, other):
        def objective(owned, view):
            made = view.apply(f"{other}_to_{domain}", view.batch[other])
            pool, shown = _exchange(
                view.memory[f"pool_{domain}"], view.gather(made), view.key
            )
            view = view.remember(**{f"pool_{domain}": pool})
            loss, metrics, view = adversary.judge(
                view,
                f"critic_{domain}",
                f"critic_{domain}",
                view.batch[domain],
                view.share(shown),
            )
            return loss, view.report(**metrics)

        return objective

    def translate(apply, a):
        return apply("a_to_b", a)

    def translator(name):
        return parts.network(name, parts.shape, output=parts.shape)

    def judge(name):
        return parts.network(name, adversary.sight.shape(parts.shape))

    empty = {"images": jnp.zeros((POOL_SIZE, *parts.shape)), "filled": jnp.array(0)}
    return Game(
        networks={
            "a_to_b": translator("a_to_b"),
            "b_to_a": translator("b_to_a"),
            "critic_a": judge("critic_a"),
            "critic_b": judge("critic_b"),
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
            **parts.memory(("critic_a", "critic_b"), "generators"),
        },
        sample=lambda apply, keys: translate(apply, parts.examples(keys)["a"]),
        abilities={"translate": translate},
        **parts.common,
    )


def _l1(x, y):
    return jnp.mean(jnp.abs(x - y))


def _exchange(pool, images, key):
    """The pool after ``images`` passed it, and what the critic sees in their place:
    each one itself while the pool fills; then, at even odds, itself or a stored one
    that it replaces."""

    def one(pool, inputs):
        image, key = inputs
        coin, slot = jax.random.split(key)
        filling = pool["filled"] < POOL_SIZE
        swap = ~filling & jax.random.bernoulli(coin)
        place = jnp.where(
            filling, pool["filled"], jax.random.randint(slot, (), 0, POOL_SIZE)
        )
        stored = pool["images"][place]
        kept = jnp.where(filling | swap, image, stored)
        pool = {
            "images": pool["images"].at[place].set(kept),
            "filled": jnp.minimum(pool["filled"] + 1, POOL_SIZE),
        }
        return pool, jnp.where(swap, stored, image)

    return jax.lax.scan(one, pool, (images, jax.random.split(key, images.shape[0])))


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
    weights={"cycle": 10.0, "identity": 5.0},
    reads=("a", "b"),
    latents=False,
)
