"""CLIP's image encoder compared with transformers, with the same random weights."""

import jax
import numpy as np
import pytest
import safetensors.numpy

import ganjax
from ganjax.errors import BadInput
from ganjax.metrics.features import clip, layout, open_extractor, weights

# Two heads of 64 units, two blocks, images of 4×4 patches of 8×8 pixels.
WIDTH, DEPTH, PATCH, GRID, OUT = 128, 2, 8, 4, 6


def tensors():
    """Random tensors with the names and shapes of transformers' file."""
    layers = {
        **{f"self_attn.{x}_proj": (WIDTH, WIDTH) for x in ("q", "k", "v", "out")},
        "mlp.fc1": (4 * WIDTH, WIDTH), "mlp.fc2": (WIDTH, 4 * WIDTH),
        "layer_norm1": (WIDTH,), "layer_norm2": (WIDTH,),
    }  # fmt: skip
    shapes = {
        "vision_model.embeddings.class_embedding": (WIDTH,),
        "vision_model.embeddings.patch_embedding.weight": (WIDTH, 3, PATCH, PATCH),
        "vision_model.embeddings.position_embedding.weight": (1 + GRID**2, WIDTH),
        "visual_projection.weight": (OUT, WIDTH),
    }
    layers = {
        f"vision_model.encoder.layers.{i}.{name}": shape
        for i in range(DEPTH)
        for name, shape in layers.items()
    }
    layers |= {
        f"vision_model.{x}": (WIDTH,) for x in ("pre_layrnorm", "post_layernorm")
    }
    for name, shape in layers.items():
        shapes |= {f"{name}.weight": shape, f"{name}.bias": shape[:1]}
    rng, found = np.random.default_rng(0), {}
    for name in sorted(shapes):
        x = rng.standard_normal(shapes[name]) / 8
        found[name] = (x + ("norm" in name)).astype(np.float32)
    return found


def normalised_images():
    side = GRID * PATCH
    return np.random.default_rng(1).standard_normal((2, side, side, 3), np.float32)


# ``image_embeds`` of transformers for these tensors and images.
EMBEDDINGS = [
    [1.2858609, 1.1424408, 0.1908969, -0.6013823, -0.7150571, 2.5629098],
    [1.1949062, 0.7880079, 0.3256373, -0.9418117, -1.1737486, 2.6504350],
]


def embeddings(found):
    network = clip.encoder_of(found, "x")
    side = GRID * PATCH
    variables = layout.from_torch(layout.shapes(network, (side, side, 3)), found, "x")
    return np.asarray(network.apply(variables, normalised_images()))


def test_embeddings_are_those_that_transformers_computes():
    np.testing.assert_allclose(embeddings(tensors()), EMBEDDINGS, atol=1e-4)


def test_agrees_with_transformers():
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    config = transformers.CLIPVisionConfig(
        hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=DEPTH,
        num_attention_heads=WIDTH // 64, image_size=GRID * PATCH, patch_size=PATCH,
        projection_dim=OUT,
    )  # fmt: skip
    network = transformers.CLIPVisionModelWithProjection(config).eval()
    state = {name: torch.tensor(x) for name, x in tensors().items()}
    missing = network.load_state_dict(state, strict=False)
    assert not missing.unexpected_keys
    assert set(missing.missing_keys) <= {clip.CONSTANT}
    with torch.no_grad():
        images = torch.tensor(normalised_images().transpose(0, 3, 1, 2))
        theirs = network(pixel_values=images).image_embeds.numpy()
    print(np.array2string(theirs, precision=7, separator=", "))
    np.testing.assert_allclose(embeddings(tensors()), theirs, atol=1e-5)


@pytest.mark.full
def test_parameters_are_those_of_the_published_network():
    """ViT-L/14 of 336 pixels, by ``CLIPVisionModelWithProjection`` of its config."""
    network = clip.ImageEncoder(1024, 24, 16, 14, 24, 768)
    expected = layout.shapes(network, (336, 336, 3))
    assert sum(np.prod(x.shape) for x in jax.tree.leaves(expected)) == 304_293_888


@pytest.fixture
def file(tmp_path):
    """A whole model in half precision: a text encoder too, which is not read."""
    text = {
        "text_model.final_layer_norm.bias": np.zeros(3, np.float16),
        "text_projection.weight": np.zeros((OUT, 3), np.float16),
        "logit_scale": np.array(4.6, np.float16),
        clip.CONSTANT: np.arange(1 + GRID**2)[None],
    }
    vision = {name: x.astype(np.float16) for name, x in tensors().items()}
    path = tmp_path / "model.safetensors"
    safetensors.numpy.save_file({**vision, **text}, path)
    return path


@pytest.mark.full
def test_cmmd_of_a_users_file(file, tmp_path):
    """Equal sets have the discrepancy 0; the protocol names the file by its digest."""
    images = np.random.default_rng(0).integers(0, 256, (2, 6, 20, 30, 3), np.uint8)
    for name, x in zip("ab", images, strict=True):
        np.save(tmp_path / f"{name}.npy", x)
    paths = tmp_path / "a.npy", tmp_path / "b.npy"
    options = {"metrics": ["cmmd"], "extractor": "clip", "weights": str(file)}
    found = ganjax.score(*paths, **options)
    assert found["scores"]["cmmd_clip_6"] > 1e-6
    assert found["protocol"]["weights"] == weights.sha256(file)
    assert found["protocol"]["resize"] == "bicubic_antialiased"
    same = ganjax.score(paths[0], paths[0], **options)["scores"]
    assert same["cmmd_clip_6"] == pytest.approx(0, abs=1e-9)
    eye = open_extractor("clip", str(file))
    assert (eye.width, eye.size) == (OUT, GRID * PATCH)


def test_pixels_enter_by_the_mean_and_deviation_of_clip():
    x = np.array([0, 255], np.float32)[:, None, None, None] * np.ones((1, 1, 1, 3))
    found = clip.normalised(x)[:, 0, 0]
    # (0 − 0.48145466) / 0.26862954 and (1 − 0.40821073) / 0.27577711.
    assert found[0, 0] == pytest.approx(-1.79226, abs=1e-4)
    assert found[1, 2] == pytest.approx(2.14590, abs=1e-4)


def test_another_file_is_refused(tmp_path, file):
    path = tmp_path / "x.safetensors"
    safetensors.numpy.save_file({"visual.proj": np.zeros((2, 2))}, path)
    with pytest.raises(BadInput, match="lacks tensor 'vision_model.embeddings.patch"):
        open_extractor("clip", str(path))
    found = tensors()
    del found["vision_model.encoder.layers.1.mlp.fc2.bias"]
    safetensors.numpy.save_file(found, path)
    with pytest.raises(BadInput, match="lacks tensor 'vision_model.encoder.layers.1.m"):
        open_extractor("clip", str(path))
    with pytest.raises(BadInput, match="evaluation.weights='': no such file; clip"):
        open_extractor("clip")
