"""DINOv2's transformer compared with timm's, with the same random weights."""

import jax
import numpy as np
import pytest

from ganjax.errors import BadInput
from ganjax.metrics.features import dinov2, layout, open_extractor, weights
from ganjax.metrics.features.extractor import sown
from tests.metrics.features import torch_files

SMALL = {"width": 48, "depth": 3, "heads": 4}


def test_parameters_are_those_of_the_published_network():
    expected = layout.shapes(dinov2.VisionTransformer(), (224, 224, 3))
    count = sum(np.prod(x.shape) for x in jax.tree.leaves(expected))
    # The file is said to hold 86,580,480 parameters, with its mask token.
    assert count + dinov2.WIDTH == 86_580_480


def test_the_maps_are_the_patches_after_every_third_block():
    network = dinov2.VisionTransformer()
    variables = layout.shapes(network, (224, 224, 3))
    images = jax.ShapeDtypeStruct((2, 224, 224, 3), np.float32)
    found = jax.eval_shape(lambda v, x: sown(network, v, x), variables, images)
    assert [x.shape for x in found] == [(2, 16, 16, 768)] * 4


def test_positions_are_interpolated_as_published():
    torch = pytest.importorskip("torch")
    grid = np.random.default_rng(0).standard_normal((37, 37)).astype(np.float32)
    # The published model resizes by the factor (16 + 0.1) / 37, not to 16 patches.
    theirs = torch.nn.functional.interpolate(
        torch.tensor(grid)[None, None], scale_factor=(16.1 / 37,) * 2, mode="bicubic"
    )
    matrix = dinov2.between(37, 16)
    np.testing.assert_allclose(matrix @ grid @ matrix.T, theirs[0, 0], atol=1e-5)


@pytest.fixture(scope="module")
def theirs():
    pytest.importorskip("torch")
    timm = pytest.importorskip("timm")
    network = timm.create_model(
        "vit_base_patch14_dinov2", pretrained=False, img_size=70,
        embed_dim=SMALL["width"], depth=SMALL["depth"], num_heads=SMALL["heads"],
    )  # fmt: skip
    return torch_files.randomise(network)


def test_class_token_is_timms(tmp_path, theirs):
    torch = pytest.importorskip("torch")
    state = {**theirs.state_dict(), "mask_token": torch.zeros(1, SMALL["width"])}
    torch.save(state, tmp_path / "x.pth")
    images = np.random.default_rng(0).standard_normal((2, 70, 70, 3), np.float32)
    with torch.no_grad():
        tokens = theirs.forward_features(torch.tensor(images.transpose(0, 3, 1, 2)))

    network = dinov2.VisionTransformer(**SMALL, grid=5)
    expected = layout.shapes(network, (70, 70, 3))
    tensors = weights.read(tmp_path / "x.pth")
    variables = layout.from_torch(expected, tensors, "x", dinov2.IGNORED)
    difference = torch_files.relative(
        network.apply(variables, images), tokens[:, 0].numpy()
    )
    print(f"class token: {difference:.2e}")
    assert difference <= 1e-4


def test_pixels_enter_by_imagenets_mean_and_deviation():
    x = np.full((1, 1, 1, 3), 255, np.float32)
    found = dinov2.normalised(x)[0, 0, 0]
    np.testing.assert_allclose(found, [2.2489, 2.4286, 2.64], atol=1e-4)


def test_other_weights_are_refused(tmp_path):
    path = torch_files.write(tmp_path / "x.pth", {"cls_token": np.zeros((1, 1, 768))})
    with pytest.raises(BadInput, match=dinov2.DIGEST):
        open_extractor("dinov2_vitb14", str(path))
