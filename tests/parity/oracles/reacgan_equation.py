"""Equation 9 of ReACGAN's paper in float64, without the shift that StudioGAN adds."""

import numpy as np
import torch

from tests.parity import rule

SOURCE = "arXiv 2111.01118, equation 9"
N, CLASSES, LENGTH = 8, 4, 16
POSITIVE, NEGATIVE, TEMPERATURE = 0.98, 0.02, 0.5


def data_to_data(repository):
    label = rule.labels("label", N, CLASSES)
    arrays = {
        name: torch.tensor(rule.numbers(name, (N, LENGTH)), dtype=torch.float64)
        for name in ("embed", "proxy")
    }
    f, v = (x.requires_grad_(True) for x in arrays.values())
    f1 = f / f.norm(dim=1, keepdim=True)
    v1 = v / v.norm(dim=1, keepdim=True)
    total = 0.0
    for i in range(N):
        near = torch.clamp(f1[i] @ v1[i] - POSITIVE, max=0) / TEMPERATURE
        others = [
            torch.clamp(f1[i] @ f1[j] - NEGATIVE, min=0) / TEMPERATURE
            for j in range(N)
            if label[j] != label[i]
        ]
        shares = torch.exp(near) + sum(torch.exp(x) for x in others)
        total = total - torch.log(torch.exp(near) / shares) / N
    total.backward()
    return {
        "loss/D2D-CE": np.asarray(total.detach()),
        "gradient/D2D-CE embed": f.grad.numpy(),
        "gradient/D2D-CE proxy": v.grad.numpy(),
    }


FIXTURES = {"reacgan_equation": data_to_data}
