"""The Dirac-GAN (Mescheder et al. 2018, arXiv 1801.04406), written by hand. Without R1
its players circle the solution. To draw it: `python examples/dirac_gan.py a.png`."""

import sys

import flax.linen as nn
import jax
import optax
from matplotlib.figure import Figure

from ganjax import Game, Network, Player, compile_step, init_state, make_train_step


class Number(nn.Module):
    @nn.compact
    def __call__(self, x, *, train):
        return x * self.param("number", nn.initializers.ones, ())


def player(name, sign):
    def objective(owned, view):
        theta, psi = (view.params[n]["number"] for n in signs)
        penalty = (sign > 0) * view.knobs["r1"] * psi**2
        loss = sign * jax.nn.softplus(theta * psi) + penalty
        return loss, view.report(theta=theta, psi=psi)

    return Player(name, (name,), objective, lambda _: optax.sgd(0.1), reads_data=False)


signs = {"generator": -1, "discriminator": 1}
networks = {name: Network(Number(), (jax.numpy.zeros(1),)) for name in signs}
game = Game(networks, tuple(player(name, sign) for name, sign in signs.items()))
run = compile_step(make_train_step(game, batch=lambda *_: None), inner_steps=500)
axes = Figure().subplots(subplot_kw={"xlabel": "generator", "ylabel": "discriminator"})
for r1 in (0.0, 0.3):
    _, metrics = run(init_state(game, jax.random.key(0), {"r1": r1}), None)
    axes.plot(metrics["generator/theta"], metrics["generator/psi"], label=f"R1 {r1}")
axes.legend()
axes.figure.savefig(sys.argv[1])
