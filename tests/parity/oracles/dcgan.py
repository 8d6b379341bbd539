"""DCGAN as its paper describes it, in torch and float64."""

import torch

from tests.parity import rows_dcgan as cases
from tests.parity.oracles.games import descended
from tests.parity.oracles.losses import non_saturating
from tests.parity.oracles.torch_side import array, double, fill

SOURCE = "equations, in float64"


class Generator(torch.nn.Module):
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


class Discriminator(torch.nn.Module):
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
        "generator": Generator(cases.LATENT, cases.WIDTH),
        "discriminator": Discriminator(cases.WIDTH),
    }
    for name, network in networks.items():
        fill(network.double(), f"dcgan.{name}.")
    generator, critic = networks.values()
    real, z = cases.inputs()
    real_logits = critic(double(real))
    fake_logits = {player: critic(generator(double(own))) for player, own in z.items()}
    losses = {
        "discriminator": non_saturating(real_logits, fake_logits["discriminator"])[0],
        "generator": non_saturating(real_logits, fake_logits["generator"])[1],
    }
    owned = {player: (loss, (player,)) for player, loss in losses.items()}
    found = {f"loss/{player}": array(loss) for player, loss in losses.items()}
    return found | descended(owned, networks)


FIXTURES = {"dcgan_paper": _dcgan}
