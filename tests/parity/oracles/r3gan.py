"""R3GAN by its authors: networks, trainer and the schedule of the preset."""

import copy
import sys
import types
from pathlib import Path
from unittest import mock

from packaging import version

from tests.parity import rows_r3gan as sizes
from tests.parity import rule
from tests.parity.given import CLASSES, PLAYERS, one_hot
from tests.parity.oracles import nvidia_code
from tests.parity.oracles.torch_side import array, fill, gradients, imported, tensor
from tests.parity.rows_r3gan import GIVEN

SOURCE = "R3GAN"

# Their code asks this module only to compare versions. Newer setuptools lack it.
sys.modules.setdefault(
    "pkg_resources", types.SimpleNamespace(parse_version=version.parse)
)


def _network(repository, player, blocks=sizes.NETWORK_BLOCKS):
    module = imported(repository, "R3GAN.Networks")
    width = [sizes.WIDTH] * sizes.STAGES
    options = {
        "WidthPerStage": width,
        "CardinalityPerStage": [2 * w // sizes.GROUP for w in width],
        "BlocksPerStage": [blocks] * sizes.STAGES,
        "ExpansionFactor": 2,
        "ConditionDimension": CLASSES,
    }
    if player == "generator":
        made = module.Generator(
            sizes.LATENT, ConditionEmbeddingDimension=sizes.LATENT, **options
        )
    else:
        made = module.Discriminator(ConditionEmbeddingDimension=sizes.WIDTH, **options)
    fill(made, f"r3gan/{player}/")
    return made


def _trainer(repository, networks):
    module = imported(repository, "R3GAN.Trainer")
    return module.AdversarialTraining(networks["generator"], networks["discriminator"])


def _both(repository):
    return {player: _network(repository, player, sizes.BLOCKS) for player in PLAYERS}


def generator(repository):
    network = _network(repository, "generator")
    label = tensor(one_hot(GIVEN.labels("label", sizes.N)))
    image = network(tensor(GIVEN.latents("z", sizes.N)), label)
    (image * tensor(GIVEN.images("probe", sizes.N))).sum().backward()
    return {"output/image": array(image)} | gradients(network)


def discriminator(repository):
    network = _network(repository, "discriminator")
    x = tensor(GIVEN.images("x", sizes.N)).requires_grad_(True)
    logits = network(x, tensor(one_hot(GIVEN.labels("label", sizes.N))))
    (logits * tensor(rule.numbers("r3gan/logits", (sizes.N,)))).sum().backward()
    return {
        "output/logits": array(logits),
        "gradient/input": array(x.grad),
    } | gradients(network)


def _turn(trainer, player, z, real, label, gamma):
    given = tensor(z), tensor(real), tensor(one_hot(label))
    if player == "generator":
        return trainer.AccumulateGeneratorGradients(*given)
    return trainer.AccumulateDiscriminatorGradients(*given, gamma)


def loss(repository):
    networks, found = _both(repository), {}
    trainer = _trainer(repository, networks)
    for player in PLAYERS:
        nvidia_code.freed(networks, player)
        means = [
            float(x.mean())
            for x in _turn(
                trainer,
                player,
                GIVEN.latents(f"{player}/z", sizes.N),
                GIVEN.images(f"{player}/real", sizes.N),
                GIVEN.labels(f"{player}/label", sizes.N),
                sizes.GAMMA,
            )
        ]
        found[f"loss/{player}"] = means[0]
        if player == "discriminator":
            found["loss/r1"], found["loss/r2"] = means[2:]
            found["loss/discriminator"] += sizes.GAMMA / 2 * (means[2] + means[3])
        found |= gradients(networks[player], f"{player}/")
    return found


def preset(repository: Path) -> dict:
    """Return the arguments of the authors' training loop, as their command line makes
    them for CIFAR-10 (their README)."""
    with nvidia_code.small_data() as folder:
        train = imported(repository, "train")
        with mock.patch.object(train, "launch_training") as launch:
            arguments = [
                "--outdir=.", f"--data={folder}", "--gpus=8", "--batch=512",
                "--mirror=1", "--aug=1", "--cond=1", "--preset=CIFAR10",
                "--metrics=none",
            ]  # fmt: skip
            train.main(arguments, standalone_mode=False)
    return launch.call_args.kwargs["c"]


def steps(repository):
    wanted = preset(repository)
    loop = imported(repository, "training.training_loop")
    networks = _both(repository)
    trainer = _trainer(repository, networks)
    average = copy.deepcopy(networks["generator"])
    before = nvidia_code.states(networks, average)
    options = {"discriminator": wanted.D_opt_kwargs, "generator": wanted.G_opt_kwargs}
    optimizers = {
        player: nvidia_code.adam(network, options[player])
        for player, network in networks.items()
    }
    # Their counts are images; a step of the row has their batch.
    length = sizes.BURN_IN * wanted.batch_size

    def now(scheduler, seen, **changed):
        numbers = {**scheduler, "total_nimg": length, **changed}
        return loop.cosine_decay_with_warmup(seen, **numbers)

    given = GIVEN.turns(sizes.STEPS, sizes.N)
    for i in range(sizes.STEPS):
        seen = (sizes.FIRST + i) * wanted.batch_size
        gamma = now(wanted.gamma_scheduler, seen)
        for player in PLAYERS:
            turn = {name: x[i] for name, x in given[player].items()}
            nvidia_code.freed(networks, player)
            _turn(trainer, player, turn["z"], turn["real"], turn["label"], gamma)
            for group in optimizers[player].param_groups:
                group["lr"] = now(wanted.lr_scheduler, seen)
                group["betas"] = 0.0, now(wanted.beta2_scheduler, seen)
            optimizers[player].step()
        images = now(wanted.ema_scheduler, seen, final_value=sizes.HALF_LIFE)
        nvidia_code.average(average, networks["generator"], sizes.N, images)
    after = nvidia_code.states(networks, average)
    return nvidia_code.results(before, after, _numbers(wanted), wanted.augment_kwargs)


def _numbers(wanted):
    """Return the numbers of the preset that a test compares."""
    found = {
        "batch_size": wanted.batch_size,
        "eps": wanted.D_opt_kwargs.eps,
        "b1": wanted.G_opt_kwargs.betas[0],
        "mirror": wanted.training_set_kwargs.xflip,
        "latent": wanted.G_kwargs.NoiseDimension,
        "widths": wanted.G_kwargs.WidthPerStage,
        "cardinalities": wanted.G_kwargs.CardinalityPerStage,
        "blocks": wanted.G_kwargs.BlocksPerStage,
        "expansion": wanted.G_kwargs.ExpansionFactor,
        "generator_embedding": wanted.G_kwargs.ConditionEmbeddingDimension,
        "discriminator_embedding": wanted.D_kwargs.ConditionEmbeddingDimension,
    }
    for name in ("ema", "aug", "lr", "gamma", "beta2"):
        scheduler = wanted[f"{name}_scheduler"]
        found[name] = [
            scheduler[x] for x in ("base_value", "final_value", "total_nimg")
        ]
    return found


FIXTURES = {
    "r3gan_generator": generator,
    "r3gan_discriminator": discriminator,
    "r3gan_loss": loss,
    "r3gan_cifar10": steps,
}
