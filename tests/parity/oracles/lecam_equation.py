"""LeCam for StyleGAN2. The authors' code is TensorFlow 1, so these are its equations in
float64."""

import numpy as np

from tests.parity import rule

SOURCE = (
    "lecam-gan f9af948, stylegan2/lecam_loss.py (TensorFlow 1), as equations in float64"
)
TURNS, N, DECAY = 4, 5, 0.99


def regularised(folder):
    """``assign_moving_average`` with ``zero_debias``: the average of zeros and all
    means so far, over the weight of these means."""
    found, biased = {}, {"real": 0.0, "fake": 0.0}
    for turn in range(TURNS):
        logits = {
            side: rule.numbers(f"lecam.{side}.{turn}", (N,)).astype(np.float64)
            for side in biased
        }
        for side, x in logits.items():
            biased[side] = DECAY * biased[side] + (1 - DECAY) * x.mean()
        average = {side: x / (1 - DECAY ** (turn + 1)) for side, x in biased.items()}
        above = np.maximum(logits["real"] - average["fake"], 0)
        below = np.maximum(average["real"] - logits["fake"], 0)
        found[f"loss/{turn}"] = np.mean(above**2) + np.mean(below**2)
        found[f"gradient/real.{turn}"] = 2 * above / N
        found[f"gradient/fake.{turn}"] = -2 * below / N
        for side, x in average.items():
            found[f"output/{side}.{turn}"] = np.array(x)
    return found


FIXTURES = {"lecam_stylegan2": regularised}
