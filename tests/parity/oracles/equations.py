"""Classics by the equations of their papers, with torch's derivatives in float64.

Each formula is written as the paper has it: with σ and logarithms, not with softplus.
"""

import numpy as np
import torch
from torch import log, sigmoid

from tests.parity import rows_equations as cases
from tests.parity.oracles.torch_side import array, fill, gradients

SOURCE = "equations, in float64"


def _double(x):
    return torch.from_numpy(np.array(x)).double()


# --- Losses: (real, fake) -> (loss of the discriminator, loss of the generator) -------


def _minimax(real, fake):
    d_real, d_fake = sigmoid(real), sigmoid(fake)
    value = log(d_real).mean() + log(1 - d_fake).mean()
    return -value, log(1 - d_fake).mean()


def _non_saturating(real, fake):
    return _minimax(real, fake)[0], -log(sigmoid(fake)).mean()


def _least_squares(real, fake):
    discriminator = 0.5 * ((real - 1) ** 2).mean() + 0.5 * (fake**2).mean()
    return discriminator, 0.5 * ((fake - 1) ** 2).mean()


def _least_squares_unhalved(real, fake):
    return _least_squares(real, fake)[0], ((fake - 1) ** 2).mean()


def _wasserstein(real, fake):
    return fake.mean() - real.mean(), -fake.mean()


def _hinge(real, fake):
    zero = torch.zeros_like(real)
    value = torch.minimum(zero, real - 1).mean()
    value = value + torch.minimum(zero, -1 - fake).mean()
    return -value, -fake.mean()


def _relativistic_pairing(real, fake):
    return -log(sigmoid(real - fake)).mean(), -log(sigmoid(fake - real)).mean()


def _relativistic_average(real, fake):
    real_better = sigmoid(real - fake.mean())
    fake_better = sigmoid(fake - real.mean())
    discriminator = -log(real_better).mean() - log(1 - fake_better).mean()
    generator = -log(fake_better).mean() - log(1 - real_better).mean()
    return discriminator, generator


LOSSES = {
    name: globals()[f"_{name}"]
    for name in (
        "minimax", "non_saturating", "least_squares", "least_squares_unhalved",
        "wasserstein", "hinge", "relativistic_pairing", "relativistic_average",
    )
}  # fmt: skip


def _loss(name):
    def made(repositories):
        inputs = [_double(x).requires_grad_() for x in cases.logits()]
        players, found = ("discriminator", "generator"), {}
        for player, loss in zip(players, LOSSES[name](*inputs), strict=True):
            slopes = torch.autograd.grad(
                loss, inputs, retain_graph=True, materialize_grads=True
            )
            found[f"loss/{player}"] = array(loss)
            found |= {
                f"gradient/{player}/{side}": array(slope)
                for side, slope in zip(("real", "fake"), slopes, strict=True)
            }
        return found

    return made


# --- Networks -------------------------------------------------------------------------


class Layers(torch.nn.ModuleList):
    """Fully connected layers with tanh between them."""

    def __init__(self, prefix, *sizes):
        layers = [torch.nn.Linear(a, b) for a, b in zip(sizes, sizes[1:], strict=False)]
        super().__init__(layers)
        self.double()
        fill(self, f"{prefix}.")

    def features(self, x):
        for i in range(len(self) - 1):
            x = torch.tanh(self[i](x))
        return x

    def forward(self, x):
        return self[-1](self.features(x))


def _critic(prefix, outputs=1):
    return Layers(prefix, cases.SIZE, *cases.HIDDEN["discriminator"], outputs)


def _generator(prefix, latents):
    return Layers(prefix, latents, *cases.HIDDEN["generator"], cases.SIZE)


def _slopes(critic, x):
    """Return ∇D(x) for each sample. It can be differentiated again."""
    x = x.detach().requires_grad_()
    return torch.autograd.grad(critic(x).sum(), x, create_graph=True)[0]


# --- Penalties ------------------------------------------------------------------------


def _r1(critic, real, fake, draws):
    return 0.5 * (_slopes(critic, real) ** 2).sum(1).mean()


def _r2(critic, real, fake, draws):
    return _r1(critic, fake, None, None)


def _one_centred(critic, x):
    return ((_slopes(critic, x).norm(dim=1) - 1) ** 2).mean()


def _wgan_gp(critic, real, fake, draws):
    share = 1 - draws[:, None]  # the paper's ε belongs to the real sample
    return _one_centred(critic, share * real + (1 - share) * fake)


def _dragan(critic, real, fake, draws):
    std = real.std(unbiased=False)
    return _one_centred(critic, real + 0.5 * std * draws)


PENALTIES = {"r1": _r1, "r2": _r2, "wgan_gp": _wgan_gp, "dragan": _dragan}


def _penalty(name):
    def made(repositories):
        critic = _critic("critic")
        real, fake = (_double(cases.samples(side)) for side in ("real", "fake"))
        value = PENALTIES[name](critic, real, fake, _double(cases.DRAWS[name]))
        value.backward()
        found = {f"gradient/{k}": array(x.grad) for k, x in critic.named_parameters()
                 if x.grad is not None}  # fmt: skip
        # The bias of the last layer does not enter the slope.
        found["gradient/2.bias"] = np.zeros(1)
        return {"loss/penalty": array(value), **found}

    return made


# --- Games ----------------------------------------------------------------------------


def _wgan_gp_step(repositories):
    """Algorithm 1 with Adam as in its paper (arXiv 1412.6980, algorithm 1)."""
    critic = _critic("wgan_gp.discriminator")
    generator = _generator("wgan_gp.generator", cases.LATENT)
    before = {
        name: {k: array(x).copy() for k, x in module.named_parameters()}
        for name, module in (("discriminator", critic), ("generator", generator))
    }
    adam = {"lr": cases.ADAM_RATE, "betas": (0.0, 0.9), "eps": 1e-8}
    follows = torch.optim.Adam(critic.parameters(), **adam)
    leads = torch.optim.Adam(generator.parameters(), **adam)
    turns = cases.CRITIC_TURNS
    latents = _double(cases.latents("wgan_gp", "discriminator", turns))
    reals, shares = _double(cases.critic_batches()), _double(cases.between())
    losses, penalties = [], []
    for turn in range(turns):
        fake = generator(latents[turn]).detach()
        penalty = _wgan_gp(critic, reals[turn], fake, shares[turn])
        loss = critic(fake).mean() - critic(reals[turn]).mean()
        loss = loss + cases.PENALTY * penalty
        follows.zero_grad()
        loss.backward()
        follows.step()
        losses.append(float(loss.detach()))
        penalties.append(float(penalty.detach()))
    z = _double(cases.latents("wgan_gp", "generator"))[0]
    loss = -critic(generator(z)).mean()
    leads.zero_grad()
    loss.backward()
    leads.step()
    moved = {
        f"moved/{name}.{k}": array(x) - before[name][k]
        for name, module in (("discriminator", critic), ("generator", generator))
        for k, x in module.named_parameters()
    }
    # The mean loss of a critic does not depend on the bias of its last layer.
    return {
        "loss/discriminator/loss": np.mean(losses),
        "loss/discriminator/wgan_gp": np.mean(penalties),
        "loss/generator/loss": array(loss),
        **moved,
    }


def _descended(losses, networks):
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
    outputs = cases.OUTPUTS["posterior"]
    features = cases.HIDDEN["discriminator"][-1]
    networks = {
        "generator": _generator("infogan.generator", sizes),
        "discriminator": _critic("infogan.discriminator"),
        "posterior": Layers(
            "infogan.posterior", features, *cases.HIDDEN["posterior"], outputs
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

    real = _double(cases.samples("real"))
    losses, found = {}, {}
    for player, owned in (
        ("discriminator", ("discriminator", "posterior")),
        ("generator", ("generator",)),
    ):
        latents = _double(cases.latents("infogan", player))[0]
        fake = generator(latents)
        category, continuous = codes(latents, fake)
        index = 0 if player == "discriminator" else 1
        value = _non_saturating(critic(real)[:, 0], critic(fake)[:, 0])[index]
        loss = value + 1.0 * category + 0.1 * continuous
        losses[player] = loss, owned
        found |= {
            f"loss/{player}/loss": array(loss),
            f"loss/{player}/category": array(category),
            f"loss/{player}/continuous": array(continuous),
        }
    return found | _descended(losses, networks)


def _semi_supervised(row):
    def made(repositories):
        networks = {
            "generator": _generator("semi_supervised.generator", cases.LATENT),
            "discriminator": _critic("semi_supervised.discriminator", cases.CLASSES),
        }
        generator, critic = networks.values()

        def partition(scores):
            return torch.exp(scores).sum(1)

        real, others, labelled = (
            _double(cases.samples(name)) for name in ("real", "others", "labelled")
        )
        z = {player: _double(cases.latents("semi_supervised", player))[0]
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
            **_descended(losses, networks),
        }

    return made


# --- DCGAN ----------------------------------------------------------------------------


class DCGANGenerator(torch.nn.Module):
    """Project and reshape, then four transposed convolutions (figure 1), with batch
    normalisation and ReLU but after the last, which ends in tanh (section 3)."""

    def __init__(self, latents, width):
        super().__init__()
        channels = [8 * width, 4 * width, 2 * width, width]
        self.project = torch.nn.Linear(latents, 16 * channels[0], bias=False)
        self.norm = torch.nn.ModuleList(map(torch.nn.BatchNorm2d, channels))
        self.up = torch.nn.ModuleList(
            torch.nn.ConvTranspose2d(a, b, 4, 2, 1, bias=b == 3)
            for a, b in zip(channels, [*channels[1:], 3], strict=True)
        )

    def forward(self, z):
        x = self.project(z).reshape(len(z), 4, 4, -1).permute(0, 3, 1, 2)
        for norm, up in zip(self.norm, self.up, strict=True):
            x = up(torch.relu(norm(x)))
        return torch.tanh(x)


class DCGANDiscriminator(torch.nn.Module):
    """Four convolutions of stride 2 with leaky ReLU of slope 0.2 and batch
    normalisation but after the first, then one output (section 3)."""

    def __init__(self, width):
        super().__init__()
        channels = [width, 2 * width, 4 * width, 8 * width]
        self.down = torch.nn.ModuleList(
            torch.nn.Conv2d(a, b, 4, 2, 1, bias=a == 3)
            for a, b in zip([3, *channels[:-1]], channels, strict=True)
        )
        self.norm = torch.nn.ModuleList(map(torch.nn.BatchNorm2d, channels[1:]))
        self.score = torch.nn.Linear(16 * channels[-1], 1)

    def forward(self, x):
        for i, down in enumerate(self.down):
            x = down(x)
            x = self.norm[i - 1](x) if i else x
            x = torch.nn.functional.leaky_relu(x, 0.2)
        return self.score(x.permute(0, 2, 3, 1).flatten(1))[:, 0]


def _dcgan(repositories):
    networks = {
        "generator": DCGANGenerator(cases.DCGAN["latents"], cases.DCGAN["width"]),
        "discriminator": DCGANDiscriminator(cases.DCGAN["width"]),
    }
    for name, network in networks.items():
        fill(network.double(), f"dcgan.{name}.")
    generator, critic = networks.values()
    real, z = cases.dcgan_inputs()
    real_logits = critic(_double(real))
    fake_logits = {player: critic(generator(_double(own))) for player, own in z.items()}
    losses = {
        "discriminator": _non_saturating(real_logits, fake_logits["discriminator"])[0],
        "generator": _non_saturating(real_logits, fake_logits["generator"])[1],
    }
    owned = {player: (loss, (player,)) for player, loss in losses.items()}
    found = {f"loss/{player}": array(loss) for player, loss in losses.items()}
    return found | _descended(owned, networks)


FIXTURES = {
    **{f"loss_{name}": _loss(name) for name in LOSSES},
    **{f"penalty_{name}": _penalty(name) for name in PENALTIES},
    "wgan_gp_step": _wgan_gp_step,
    "infogan_step": _infogan,
    "semi_supervised_paper": _semi_supervised("semi_supervised_paper"),
    "semi_supervised_code": _semi_supervised("semi_supervised_code"),
    "dcgan_paper": _dcgan,
}
