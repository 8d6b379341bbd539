"""Steps of games by the equations of their papers, in float64."""

import functools

import numpy as np
import torch
from torch import log

from tests.parity import rows_games as cases
from tests.parity.fully_connected import HIDDEN, samples
from tests.parity.oracles import layers
from tests.parity.oracles.losses import non_saturating
from tests.parity.oracles.penalties import wgan_gp
from tests.parity.oracles.torch_side import array, copied, double, gradients, moved

SOURCE = "equations, in float64"


def _wgan_gp_step(repositories):
    """Algorithm 1 with Adam as in its paper (arXiv 1412.6980, algorithm 1)."""
    critic = layers.critic("wgan_gp.discriminator")
    generator = layers.generator("wgan_gp.generator", cases.LATENT)
    networks = {"discriminator.": critic, "generator.": generator}
    before = copied(networks)
    adam = {"lr": cases.ADAM_RATE, "betas": (0.0, 0.9), "eps": 1e-8}
    follows = torch.optim.Adam(critic.parameters(), **adam)
    leads = torch.optim.Adam(generator.parameters(), **adam)
    turns = cases.CRITIC_TURNS
    latents = double(cases.latents("wgan_gp", "discriminator", turns))
    reals, shares = double(cases.critic_batches()), double(cases.between())
    losses, penalties = [], []
    for turn in range(turns):
        fake = generator(latents[turn]).detach()
        penalty = wgan_gp(critic, reals[turn], fake, shares[turn])
        loss = critic(fake).mean() - critic(reals[turn]).mean()
        loss = loss + cases.PENALTY * penalty
        follows.zero_grad()
        loss.backward()
        follows.step()
        losses.append(float(loss.detach()))
        penalties.append(float(penalty.detach()))
    z = double(cases.latents("wgan_gp", "generator"))[0]
    loss = -critic(generator(z)).mean()
    leads.zero_grad()
    loss.backward()
    leads.step()
    # The mean loss of a critic does not depend on the bias of its last layer.
    return {
        "loss/discriminator/loss": np.mean(losses),
        "loss/discriminator/wgan_gp": np.mean(penalties),
        "loss/generator/loss": array(loss),
        **moved(before, copied(networks)),
    }


def descended(losses, networks):
    """Return the gradient of each player's loss by the networks that it owns.
    ``losses``: player -> (loss, names of its networks)."""
    found = {}
    for loss, owned in losses.values():
        for network in networks.values():
            network.zero_grad()
        loss.backward(retain_graph=True)
        for name in owned:
            found |= {
                k.replace("gradient/", f"gradient/{name}."): x.copy()
                for k, x in gradients(networks[name]).items()
            }
    return found


def _infogan(repositories):
    sizes = cases.LATENT + cases.CATEGORIES + cases.NUMBERS
    outputs = cases.CATEGORIES + 2 * cases.NUMBERS
    features = HIDDEN["discriminator"][-1]
    networks = {
        "generator": layers.generator("infogan.generator", sizes),
        "discriminator": layers.critic("infogan.discriminator"),
        "posterior": layers.Layers(
            "infogan.posterior", features, *HIDDEN["posterior"], outputs
        ),
    }
    generator, critic, posterior = networks.values()

    def codes(latents, fake):
        """Return −E log Q(c|x) of the category, and of the numbers."""
        kinds = latents[:, cases.LATENT : -cases.NUMBERS]
        numbers = latents[:, -cases.NUMBERS :]
        q = posterior(critic.features(fake))
        scores, mean, log_std = q.split(
            [cases.CATEGORIES, cases.NUMBERS, cases.NUMBERS], dim=1
        )
        chances = torch.exp(scores) / torch.exp(scores).sum(1, keepdim=True)
        density = torch.exp(-((numbers - mean) ** 2) / (2 * torch.exp(log_std) ** 2))
        density = density / (torch.exp(log_std) * np.sqrt(2 * np.pi))
        category = -log((kinds * chances).sum(1)).mean()
        return category, -log(density.prod(1)).mean()

    real = double(samples("real"))
    losses, found = {}, {}
    for player, owned in (
        ("discriminator", ("discriminator", "posterior")),
        ("generator", ("generator",)),
    ):
        latents = double(cases.latents("infogan", player))[0]
        fake = generator(latents)
        category, continuous = codes(latents, fake)
        index = 0 if player == "discriminator" else 1
        value = non_saturating(critic(real)[:, 0], critic(fake)[:, 0])[index]
        loss = value + 1.0 * category + 0.1 * continuous
        losses[player] = loss, owned
        found |= {
            f"loss/{player}/loss": array(loss),
            f"loss/{player}/category": array(category),
            f"loss/{player}/continuous": array(continuous),
        }
    return found | descended(losses, networks)


def _semi_supervised(row, repositories):
    networks = {
        "generator": layers.generator("semi_supervised.generator", cases.LATENT),
        "discriminator": layers.critic("semi_supervised.discriminator", cases.CLASSES),
    }
    generator, critic = networks.values()

    def partition(scores):
        return torch.exp(scores).sum(1)

    real, others, labelled = (
        double(samples(name)) for name in ("real", "others", "labelled")
    )
    z = {player: double(cases.latents("semi_supervised", player))[0]
         for player in ("discriminator", "generator")}  # fmt: skip
    fake = generator(z["discriminator"])
    # Section 5: D(x) = Z(x) / (Z(x) + 1), with Z the sum of the exponentials.
    chance_real, chance_fake = (
        partition(critic(x)) / (partition(critic(x)) + 1) for x in (real, fake)
    )
    unlabelled = -log(chance_real).mean() - log(1 - chance_fake).mean()
    scores, known = critic(labelled), torch.from_numpy(cases.known()).long()
    own = scores.gather(1, known[:, None])[:, 0]
    supervised = -log(torch.exp(own) / partition(scores)).mean()

    generated = critic.features(generator(z["generator"])).mean(0)
    difference = critic.features(others).mean(0) - generated
    if row == "semi_supervised_code":
        # loss_unl has halves, and loss_gen is a mean over features.
        unlabelled = 0.5 * unlabelled
        matching = (difference**2).mean()
    else:
        matching = (difference**2).sum()
    loss = supervised + unlabelled
    losses = {
        "discriminator": (loss, ("discriminator",)),
        "generator": (matching, ("generator",)),
    }
    return {
        "loss/discriminator/loss": array(loss),
        "loss/discriminator/supervised": array(supervised),
        "loss/generator/loss": array(matching),
        **descended(losses, networks),
    }


FIXTURES = {
    "wgan_gp_step": _wgan_gp_step,
    "infogan_step": _infogan,
    **{row: functools.partial(_semi_supervised, row) for row in cases.SEMI_SUPERVISED},
}
