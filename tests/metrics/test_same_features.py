"""Scores of the same features by other tools. Skipped without them: the packages of
requirements-oracles.txt. ``pytest -s`` prints the relative differences.

The distance of dgm-eval (FD-DINOv2) has the arithmetic of pytorch-fid.
"""

import numpy as np
import pytest

from ganjax.metrics import (
    density_coverage,
    frechet_distance,
    inception_score,
    moments,
    path_length,
    precision_recall,
    squared_discrepancy,
)

COUNT, WIDTH = 800, 192


@pytest.fixture(scope="module")
def features():
    """Rectified correlated features, as of Inception: real and fake, float32."""
    rng = np.random.default_rng(0)
    mix = rng.standard_normal((WIDTH, WIDTH)) / np.sqrt(WIDTH)
    real = np.maximum(rng.standard_normal((COUNT, WIDTH)) @ mix, 0)
    fake = np.maximum(1.1 * rng.standard_normal((COUNT, WIDTH)) @ mix + 0.05, 0)
    return real.astype(np.float32), fake.astype(np.float32)


def agree(name, found, theirs, most):
    difference = abs(found - theirs) / abs(theirs)
    print(f"{name}: {found:.10g} and {theirs:.10g}, relative {difference:.1e}")
    assert difference <= most


def covariances(features):
    return [
        (x.mean(axis=0, dtype=np.float64), np.cov(x.astype(np.float64), rowvar=False))
        for x in features
    ]


@pytest.mark.parametrize("tool", ["pytorch_fid", "cleanfid", "torch_fidelity"])
def test_frechet(features, tool):
    one, other = covariances(features)
    if tool == "pytorch_fid":
        theirs = pytest.importorskip("pytorch_fid.fid_score")
        expected = theirs.calculate_frechet_distance(*one, *other)
    elif tool == "cleanfid":
        expected = pytest.importorskip("cleanfid.fid").frechet_distance(*one, *other)
    else:
        theirs = pytest.importorskip("torch_fidelity.metric_fid")
        sides = ({"mu": mu, "sigma": sigma} for mu, sigma in (one, other))
        expected = theirs.fid_statistics_to_metric(*sides, False)[theirs.KEY_METRIC_FID]
    found = frechet_distance(*moments(features[0]), *moments(features[1]))
    agree(f"Fréchet, {tool}", found, expected, 1e-6)


def test_frechet_of_torchmetrics(features):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torchmetrics.image.fid")._compute_fid
    sides = [torch.tensor(x) for pair in covariances(features) for x in pair]
    found = frechet_distance(*moments(features[0]), *moments(features[1]))
    agree("Fréchet, torchmetrics", found, theirs(*sides).item(), 1e-6)


@pytest.mark.parametrize("tool", ["torch_fidelity", "cleanfid", "torchmetrics"])
def test_kernel(features, tool):
    """With subsets as large as the sets, random subsets are permutations."""
    real, fake = (x.astype(np.float64) for x in features)
    if tool == "cleanfid":
        theirs = pytest.importorskip("cleanfid.fid").kernel_distance
        expected = theirs(real, fake, num_subsets=2, max_subset_size=COUNT)
    else:
        torch = pytest.importorskip("torch")
        sides = torch.tensor(fake), torch.tensor(real)
        if tool == "torchmetrics":
            theirs = pytest.importorskip("torchmetrics.image.kid").poly_mmd
            expected = theirs(*sides).item()
        else:
            theirs = pytest.importorskip("torch_fidelity.metric_kid")
            options = {"kid_subsets": 2, "kid_subset_size": COUNT, "verbose": False}
            found = theirs.kid_features_to_metric(*sides, **options)
            expected = found[theirs.KEY_METRIC_KID_MEAN]
    agree(f"kernel, {tool}", squared_discrepancy(*features), expected, 1e-6)


def test_inception_score_of_torch_fidelity():
    """Without a shuffle on both sides, because the random orders differ."""
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torch_fidelity.metric_isc")
    logits = 3 * np.random.default_rng(0).standard_normal((COUNT, 1008))
    found = theirs.isc_features_to_metric(torch.tensor(logits), 10, shuffle=False)
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    mean, std = inception_score(p / p.sum(axis=1, keepdims=True), seed=None)
    agree("Inception score", mean, found[theirs.KEY_METRIC_ISC_MEAN], 1e-9)
    agree("its deviation", std, found[theirs.KEY_METRIC_ISC_STD], 1e-6)


def test_neighbours_of_prdc(features):
    """The sets have no ties, so that < and ≤ are equal."""
    theirs = pytest.importorskip("prdc").compute_prdc
    real, fake = (x.astype(np.float64) for x in features)
    expected = theirs(real, fake, nearest_k=5)
    found = precision_recall(real, fake, k=5) | density_coverage(real, fake, k=5)
    for name, value in found.items():
        agree(f"{name}, prdc", value, float(expected[name]), 1e-12)


def test_neighbours_of_torch_fidelity(features):
    torch = pytest.importorskip("torch")
    theirs = pytest.importorskip("torch_fidelity.metric_prc")
    real, fake = (torch.tensor(x.astype(np.float64)) for x in features)
    options = {"prc_neighborhood": 3, "prc_batch_size": 500, "save_cpu_ram": False}
    expected = theirs.prc_features_to_metric(fake, real, verbose=False, **options)
    for name, value in precision_recall(*features, k=3).items():
        # Their mean over samples is of single precision.
        agree(f"{name}, torch-fidelity", value, expected[name], 1e-6)


def test_path_length_of_torch_fidelity():
    """The same lengths, of a linear generator whose samples are not rounded."""
    torch = pytest.importorskip("torch")
    fidelity = pytest.importorskip("torch_fidelity")
    metric = pytest.importorskip("torch_fidelity.metric_ppl")
    torch.manual_seed(0)

    class Apart(torch.nn.Module):
        def forward(self, a, b):
            return (a - b).square().sum(dim=(1, 2, 3))

    generator = torch.nn.Sequential(
        torch.nn.Linear(8, 48), torch.nn.Tanh(), torch.nn.Unflatten(1, (3, 4, 4))
    ).double()
    model = fidelity.GenerativeModelModuleWrapper(generator, 8, "normal", 0)
    options = {
        "input1_model_num_samples": 1000, "ppl_epsilon": 1e-2, "batch_size": 1000,
        "ppl_reduction": "none", "cuda": False, "verbose": False,
        "ppl_z_interp_mode": "lerp", "rng_seed": 1,
    }  # fmt: skip
    made = pytest.MonkeyPatch()
    made.setattr(metric, "create_sample_similarity", lambda *a, **k: Apart())
    made.setattr(metric, "sample_random", _doubles(torch, metric.sample_random))
    try:
        full = metric.calculate_ppl(
            1, input1=model, **options, ppl_discard_percentile_lower=None,
            ppl_discard_percentile_higher=None,
        )  # fmt: skip
        lengths = full[metric.KEY_METRIC_PPL_RAW]
        low, high = np.percentile(lengths, [1, 99])
        # Their call of percentile has an argument that NumPy 2.4 has removed.
        assert low < np.median(lengths) < high and len(lengths) == 1000
        made.setattr(np, "percentile", _renamed(np.percentile))
        expected = metric.calculate_ppl(1, input1=model, **options)
    finally:
        made.undo()
    agree(
        "path length", path_length(lengths), expected[metric.KEY_METRIC_PPL_MEAN], 1e-6
    )


def _doubles(torch, draw):
    return lambda *arguments: draw(*arguments).to(torch.float64)


def _renamed(percentile):
    def call(x, at, interpolation=None, **options):
        if interpolation:
            options["method"] = interpolation
        return percentile(x, at, **options)

    return call
