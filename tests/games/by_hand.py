"""A game whose networks are functions without parameters, so that losses can be
calculated by hand."""

import jax
import jax.numpy as jnp
import optax

from ganjax.core import Network, Player, View
from ganjax.games import Parts
from ganjax.latents import Latents
from ganjax.networks.heads import CriticOutput
from ganjax.objectives import LOSSES, Adversary, CriticInputs


class Function:
    """A module without parameters. A call returns the logits of a ``CriticOutput``."""

    def __init__(self, function):
        self.function = function

    def init(self, key, *inputs, train):
        return {"params": {}}

    def apply(self, variables, *inputs, train, mutable=(), method=None):
        output = self.function(*inputs)
        if isinstance(output, CriticOutput) and method != "full_output":
            output = output.logits
        return (output, {}) if train else output


def made(
    make,
    functions,
    *,
    loss="wasserstein",
    prior=None,
    shape=(1,),
    classes=0,
    options=None,
    captions=None,
    form=None,
):
    """The game and the sampler from ``make``. Every latent has the value ``prior``."""

    def draw(keys, truncation=0.0):
        return jnp.full((*keys.shape, 1), prior, jnp.float32)

    def network(name, *inputs, output=None, last=None):
        return Network(Function(functions[name]), () if last is None else (last,))

    def player(name, owns, objective, reads_data=True):
        return Player(
            name, owns, objective, lambda knobs: optax.sgd(1.0), reads_data=reads_data
        )

    return make(
        Parts(
            shape=shape,
            classes=classes,
            batch_size=2,
            latents=Latents(1, draw),
            network=network,
            player=player,
            adversary=Adversary(
                LOSSES[loss], critic_inputs=CriticInputs(classes=classes)
            ),
            examples=None,
            options=options or {},
            label="concatenation",
            captions=captions,
            form=form,
        )
    )


def game(make, functions, **parts):
    """The game from ``make``, without the sampler. Arguments as in ``made``."""
    return made(make, functions, **parts)[0]


def paid(game, player, batch, *, knobs=None, memory=None, seed=0, drawn=None):
    """``(loss, metrics, memory)`` of one turn of ``player`` on one device. ``drawn``
    holds values that replace random draws."""
    (objective,) = [p.objective for p in game.players if p.name == player]
    nothing = {name: {} for name in game.networks}
    batch = {name: jnp.asarray(x) for name, x in batch.items()}

    def turn(_):
        view = View(
            networks=game.networks,
            axis="data",
            params=nothing,
            variables=nothing,
            memory=game.memory(jax.random.key(0)) if memory is None else memory,
            knobs={name: jnp.asarray(x) for name, x in (knobs or {}).items()},
            batch=batch,
            key=jax.random.key(seed),
            step=jnp.zeros((), jnp.int32),
            drawn=drawn or {},
        )
        loss, report = objective({}, view)
        return loss, report.metrics, report.memory

    done = jax.vmap(turn, axis_name="data")(jnp.zeros(1))
    return jax.tree.map(lambda x: x[0], done)
