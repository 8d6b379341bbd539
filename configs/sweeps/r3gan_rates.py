"""Random search over the learning rate and the weight of R1 and R2, with the
relativistic pairing loss (Huang et al. 2024, arXiv 2501.05441) on 25 Gaussians.

    ganjax sweep --config=sweeps/r3gan_rates \\
        --workdir=runs/r3gan_rates

64 trials of 20,000 steps in one compiled program. Expected time: an hour on two CPU
cores. Ours: not run.
"""

from configs import grid25
from ganjax.space import draws, log_uniform


def get_config():
    config = grid25.get_config()
    config.steps = 20_000
    config.loss = {"name": "relativistic_pairing"}
    config.regularizers = {"r1": {"weight": 1.0}, "r2": {"weight": 1.0}}
    return config


def sweep():
    points = draws(
        64, {"rate": log_uniform(1e-5, 1e-2), "weight": log_uniform(1e-3, 10.0)}
    )
    return [
        {
            "optimizers.discriminator.learning_rate": point["rate"],
            "optimizers.generator.learning_rate": point["rate"],
            "regularizers.r1.weight": point["weight"],
            "regularizers.r2.weight": point["weight"],
        }
        for point in points
    ]
