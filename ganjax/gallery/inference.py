"""Pictures of codes, reconstructions, inversions, arithmetic and translations."""

import jax
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from scipy.stats import norm

from ganjax.core import child_key, sample_keys
from ganjax.data import as_bytes, held_out, samples
from ganjax.errors import BadInput
from ganjax.evaluation import invert
from ganjax.gallery.grids import MOST_SEARCHED
from ganjax.gallery.request import Request, looks_at
from ganjax.metrics import nearest
from ganjax.metrics.features import open_extractor
from ganjax.training.pictures import image_grid

# Map of the latent space: number of held-out samples, and decoded latents per side.
MAPPED, SIDE = 5000, 20
# Arithmetic: number of samples that are searched, and number in a mean.
ASKED, AVERAGED = 1000, 3


@looks_at("columns", "seed", "reach")
def codes(request: Request) -> Image.Image:
    """Draw a row of samples for each category and each number of the code of InfoGAN.

    A latent ends in the code: a category and some numbers. Each of the first rows shows
    one category; a column has the same noise in all of them, and the numbers are 0. In
    each further row, one number moves from −reach to reach, and the rest of the latent
    does not change (Chen et al. 2016, arXiv 1606.03657, figure 2).
    """
    request.require_images()
    kinds, numbers = request.sampler.codes
    if not kinds + numbers:
        raise BadInput(
            f"--mode='codes': expected a run whose latents end in codes, such as "
            f"game='infogan', not game='{request.run.config.game}'"
        )
    z = np.array(request.latents(request.columns))
    size = z.shape[1]
    rows = []
    for kind in range(kinds):
        row = z.copy()
        row[:, size - kinds - numbers : size - numbers] = np.eye(kinds)[kind]
        row[:, size - numbers :] = 0.0
        rows.append(row)
    for i in range(size - numbers, size):
        row = np.repeat(z[:1], request.columns, axis=0)
        row[:, i] = np.linspace(-request.reach, request.reach, request.columns)
        rows.append(row)
    made = request.model.decode(np.concatenate(rows))
    return image_grid(made, columns=request.columns)


@looks_at()
def latents(request: Request) -> Image.Image:
    """Draw a map of a two-dimensional latent space.

    Left: what the encoder makes of held-out samples, coloured by class. Right: samples
    decoded from a grid of latents at the quantiles of a normal distribution (Kingma &
    Welling 2014, arXiv 1312.6114, figure 4).
    """
    request.require_images()
    able(request, "encode", "latents")
    data, label = held_out(request.run.source.test, MAPPED, seed=0)
    code = request.model.ask("encode", data)
    if code.shape[1] != 2:
        raise BadInput(
            f"--mode='latents': expected a latent space of 2 numbers, but "
            f"workdir={request.run.path} has {code.shape[1]}"
        )
    along = norm.ppf((np.arange(SIDE) + 0.5) / SIDE)
    z = np.stack(np.meshgrid(along, along[::-1]), axis=-1).reshape(-1, 2)
    made = request.model.decode(z.astype(np.float32))
    figure = Figure(figsize=(10, 5.2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    drawn = left.scatter(*code.T, c=label, s=3, cmap="tab10", linewidths=0)
    left.set(xlim=(-3.5, 3.5), ylim=(-3.5, 3.5), aspect="equal")
    left.set_title(f"codes of {len(code)} held-out samples")
    left.legend(*drawn.legend_elements(), loc="upper right", fontsize=7)
    right.imshow(np.asarray(image_grid(made, columns=SIDE, scale=1)), cmap="gray")
    right.set_axis_off()
    right.set_title("samples decoded from the plane")
    figure.canvas.draw()
    return Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")


@looks_at("n", "columns")
def reconstructions(request: Request) -> Image.Image:
    """Draw pairs of columns: a held-out sample and its reconstruction."""
    request.require_images()
    able(request, "reconstruct", "reconstructions")
    data, _ = held_out(request.run.source.test, request.n * _pairs(request), seed=0)
    return _side_by_side(request, data, request.model.ask("reconstruct", data))


@looks_at("n", "columns", "seed")
def inversions(request: Request) -> Image.Image:
    """Draw triples of columns: a held-out sample, its inversion, and the training
    sample that is nearest to it in pixels.

    The inversion is a generated sample that resembles the held-out sample. Its latent
    is found by gradient descent.
    """
    request.require_images()
    run = request.run
    count = request.n * _pairs(request, 3)
    data, label = held_out(run.source.test, count, seed=0)
    label = label if request.sampler.classes else None
    _, made = invert(request.model, data, label=label, seed=request.seed)
    train, _ = held_out(run.source.train, MOST_SEARCHED, seed=0)
    _, found = nearest(data.reshape(count, -1), train.reshape(len(train), -1), 1)
    return _side_by_side(request, data, made, train[found[:, 0]])


@looks_at("n", "seed", "extractor")
def arithmetic(request: Request) -> Image.Image:
    """Draw rows of A, B, C and A − B + C, for latents A, B and C.

    Each of A, B and C is the mean latent of three samples. They are the samples, out of
    1,000, to which the classifier ``--extractor`` gives the highest probability of one
    class (Radford et al. 2016, arXiv 1511.06434, figure 7). Row i uses the classes i to
    i + 2.
    """
    request.require_images()
    see = open_extractor(request.extractor).see if request.extractor else None
    z = np.asarray(request.latents(ASKED))
    p = see(as_bytes(request.model.decode(z)))[1] if see else None
    if p is None or request.sampler.classes:
        raise BadInput(
            f"--extractor='{request.extractor}': expected an extractor with a "
            f"classifier, such as 'small_cnn_mnist', and a run without labels"
        )
    classes = p.shape[1]
    # The samples with the highest probability of each class, three as in the paper.
    means = np.stack(
        [z[np.argsort(-p[:, k])[:AVERAGED]].mean(0) for k in range(classes)]
    )
    rows = []
    for i in range(min(request.n, classes)):
        a, b, c = (means[(i + k) % classes] for k in range(3))
        rows += [a, b, c, a - b + c]
    return image_grid(request.model.decode(np.stack(rows)), columns=4)


@looks_at("n", "columns", "seed")
def translations(request: Request) -> Image.Image:
    """Draw triples of columns: an input, the game's output, and the target. The target
    is the image that is paired with the input. For super-resolution it is the image
    before it was made smaller, and for inpainting the image before a part was cut out.
    Unpaired data have no target column."""
    request.require_images()
    run, there = request.run, request.model.sampler.abilities
    if "restore" in there or "fill" in there:
        data, _ = held_out(run.source.test, request.n * _pairs(request, 3), seed=0)
        return _side_by_side(request, *_repaired(request, data), data)
    able(request, "translate", "translations")
    keys = jax.random.split(request.key, request.n * _pairs(request, 3))
    test = {name: np.asarray(x) for name, x in samples(run.source.test, keys).items()}
    made = request.model.ask("translate", test["a"])
    if not run.source.spec.test_paired:
        return _side_by_side(request, test["a"], made)
    return _side_by_side(request, test["a"], made, test["b"])


def _repaired(request, data):
    """Return damaged images, and what the game makes of them."""
    if "restore" in request.model.sampler.abilities:
        return (request.model.ask(x, data) for x in ("interpolate", "restore"))
    masks = jax.jit(request.model.sampler.masking.draw)(
        sample_keys(child_key(request.key, "masks"), len(data))
    )
    damaged = data * (1 - np.asarray(masks))
    return damaged, request.model.ask("fill", np.concatenate([damaged, masks], -1))


def able(request: Request, ability: str, mode: str) -> None:
    """Raise ``BadInput`` unless the run's game can do what a picture shows.

    Args:
      ability: what the game must be able to do, such as ``'encode'`` or
        ``'translate'``.
      mode: the mode of the picture, for the message.
    """
    there = request.model.sampler.abilities
    if ability not in there:
        raise BadInput(
            f"--mode='{mode}': expected a run with the ability '{ability}', but "
            f"game='{request.run.config.game}' has {', '.join(there) or 'nothing'}"
        )


def _pairs(request, width=2):
    return max(1, request.columns // width)


def _side_by_side(request, *kinds):
    images = np.stack(kinds, axis=1)
    images = images.reshape(-1, *images.shape[2:])
    return image_grid(images, columns=len(kinds) * _pairs(request, len(kinds)))
