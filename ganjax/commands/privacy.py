"""Print the privacy that a private run has spent.

    ganjax privacy --workdir=runs/private

The run's game is private_gan or pate_gan. The guarantee (ε, δ) is for one training
example that is replaced by an empty one. It is computed by dp-accounting from the
sampling rate, the noise and the steps that the run logged, at its newest checkpoint. It
covers samples, the generator and the discriminator. It does not cover the teachers of
pate_gan. The run's folder also has metrics, pictures and scores of private data, and
the seed of the noise: keep it.
"""

from ganjax import command_line


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax privacy")
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    options = flags.parse_args(arguments)
    from ganjax.loading import Run
    from ganjax.privacy import spent

    found = spent(Run(options.workdir))
    facts = ", ".join(f"{name} {value:g}" for name, value in found.about.items())
    print(f"epsilon {found.epsilon:.4g} at delta {found.delta:g}: {facts}")
    return 0
