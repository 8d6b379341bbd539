"""BigGAN on CIFAR-10 (Brock et al. 2019, arXiv 1809.11096) as in the first author's
PyTorch code, BigGAN-PyTorch 9845943, ``scripts/launch_cifar_ema.sh``: 500 epochs of 250
steps. The label has no shared embedding, and the latent enters only the first layer.

    ganjax train --config=biggan_cifar10 --workdir=runs/biggan \\
        --config.data.dir=DIR

Published: no score, in that code. Ours: not run.

Three points differ. Its generated samples have labels drawn uniformly, ours the labels
of real examples. Its scores are of batches that are normalised by their own statistics,
ours by standing statistics. Biases start at U(±1/√inputs) there, and at 0 here.

PyTorch-StudioGAN has another CIFAR-10 config: 96 channels, latents of size 80 with a
part for each block, a shared embedding, attention at 16×16, orthogonal initialisation,
b1 = 0.5, five discriminator updates per step, and mirrored data.
"""

from configs.images import adam, both, cifar10, tiny

ARGUMENTS = ("tiny",)


def get_config(arg=""):
    config = cifar10("conditional_gan")
    config.steps = 125_000
    config.batch_size = 50
    config.networks = both(name="biggan", width=64, initialiser="normal")
    config.networks.generator.update({"embedding": 0, "hierarchical": False})
    config.conditioning = {
        "generator": "conditional_batch_norm",
        "discriminator": "projection",
    }
    config.loss = {"name": "hinge"}
    config.passes = "joined"
    config.optimizers = {
        "discriminator": adam(2e-4, b2=0.999, updates_per_step=4),
        "generator": adam(2e-4, b2=0.999),
    }
    config.ema = {"decay": 0.9999, "begin": 1000}
    config.sampling = {"statistics": "standing"}
    return tiny(config, **both(width=4)) if arg == "tiny" else config
