"""MolGAN (De Cao & Kipf 2018, arXiv 1805.11973) on all neutral connected molecules of
up to 6 heavy atoms of C, N, O and F, half of which are held out.

    pip install 'ganjax[molecules]'
    ganjax train --config=molgan --workdir=runs/molgan
    ganjax sample --workdir=runs/molgan --n=64
    ganjax sample --workdir=runs/molgan --n=5000 --out=molecules.smi

The generator draws categories with a straight-through gradient. A network learns which
molecules are valid. The reward of this network has the weight 0.85, and the adversarial
loss 0.15.
``:plain`` has no reward. ``:moses`` is a preset for a GPU, on MOSES (``pip install
--no-deps molsets``); it needs 40 GB of memory. ``:tiny`` runs in seconds, on molecules
of up to 3 atoms.

Expected: not measured yet. The aim for 5,000 samples is ``molecules_valid`` of at least
0.8, ``molecules_unique`` of at least half of ``molecules_unique_training``, and
``molecules_held_out`` of at least 0.3.
"""

from ml_collections import ConfigDict

ARGUMENTS = ("plain", "moses", "tiny")


def get_config(arg=""):
    config = ConfigDict()
    config.game = "gan" if arg == "plain" else "molgan"
    config.steps = 6000
    config.batch_size = 64
    config.data = {"name": "molecules"}
    config.latents = {"name": "normal", "size": 32}
    graph = {"name": "molgan", "widths": (64, 32), "pooled": 64, "head_widths": (64,)}
    config.networks = {
        "generator": {"name": "molgan", "widths": (128, 256, 256)},
        "discriminator": dict(graph),
    }
    config.loss = {"name": "wasserstein"}
    config.regularizers = {"wgan_gp": {"weight": 10.0}}
    adam = {"learning_rate": 1e-3, "b1": 0.0, "b2": 0.9}
    config.optimizers = {
        "generator": dict(adam),
        "discriminator": {**adam, "updates_per_step": 2},
    }
    if config.game == "molgan":
        config.networks.reward = dict(graph)
        config.optimizers.reward = dict(adam)
        config.weights = {"reward": 0.85}
        config.options = {"balanced": False}
    config.samples = {"every": 1000, "count": 64}
    config.checkpoint = {"every": 1000}
    config.parallel = {"inner_steps": 10}
    config.evaluation = {"names": ("molecules",), "samples": 5000}
    if arg == "moses":
        config.data.name = "moses"
        config.steps, config.batch_size = 100_000, 256
        config.networks.generator.widths = (256, 512, 1024)
        for network in ("discriminator", "reward"):
            config.networks[network].update({"widths": (128, 64), "pooled": 128})
    return _tiny(config) if arg == "tiny" else config


def _tiny(config):
    config.data.atoms = 3
    config.steps = 2
    config.batch_size = 8
    config.latents.size = 4
    config.networks.generator.widths = (16,)
    small = {"widths": (8,), "pooled": 8, "head_widths": (8,)}
    for network in ("discriminator", "reward"):
        config.networks[network].update(small)
    config.optimizers.discriminator.updates_per_step = 1
    config.log = {"every": 1}
    config.samples = {"every": 2, "count": 8}
    config.checkpoint = {"every": 2}
    config.parallel.inner_steps = 1
    config.evaluation.samples = 100
    return config
