"""What changes a Fréchet distance of one model. Prints a Markdown table.

    GANJAX_DATA_DIR=/path/to/data python -m benchmarks.fid

Toy scale: MNIST, and the features of the classifier that comes with ganjax. The model
is a substitute: training digits that are in no reference, blurred by a Gaussian of 0.5
pixels. Every row changes one choice of the first row. ``docs/fid.md`` has the table.
"""

import io
from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from ganjax.data import in_memory, open_source
from ganjax.metrics import frechet_distance, moments
from ganjax.metrics.features import open_extractor
from ganjax.metrics.features.resize import resize

COUNT, MANY = 5_000, 20_000
BLUR = 0.5
# Images of this side are reduced to the 28 pixels of the extractor.
ENLARGED, SIDE = 64, 28
EXTRACTOR = "small_cnn_mnist"


def features(images: np.ndarray, extractor: str = EXTRACTOR) -> np.ndarray:
    """Return the features ``[n, D]`` of uint8 images ``[n, H, W, C]``. For the
    extractor ``"pixels"`` these are the pixels, in [0, 1]."""
    if extractor == "pixels":
        return images.reshape(len(images), -1) / 255.0
    return open_extractor(extractor).see(images)[0]


def distance(real: np.ndarray, generated: np.ndarray) -> float:
    """Return the Fréchet distance of two sets of features."""
    return frechet_distance(*moments(real), *moments(generated))


def blurred(images: np.ndarray) -> np.ndarray:
    """Return blurred uint8 images ``[n, H, W, C]``. They are used as the samples of a
    model."""
    soft = gaussian_filter(images.astype(np.float32), (0, BLUR, BLUR, 0))
    return np.rint(soft).astype(np.uint8)


def as_jpeg(images: np.ndarray, quality: int) -> np.ndarray:
    """Return grey images ``[n, H, W, 1]`` as they are read back from JPEG files of a
    quality."""
    made = []
    for image in images[..., 0]:
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality)
        made.append(np.asarray(Image.open(buffer)))
    return np.stack(made)[..., None]


def reduced(images: np.ndarray, name: str) -> np.ndarray:
    """Return images enlarged to ``ENLARGED`` pixels and then reduced to ``SIDE`` pixels
    by the filter ``name``."""

    def rounded(part):
        large = np.rint(resize(part, ENLARGED, "bicubic_antialiased"))
        small = resize(large.astype(np.uint8), SIDE, name)
        return np.rint(small).astype(np.uint8)

    parts = np.split(images, range(1000, len(images), 1000))
    return np.concatenate([rounded(part) for part in parts])


def rows() -> Iterator[tuple[str, str, float]]:
    """Yield the rows of the table: the kind of choice, the value chosen, and the
    Fréchet distance with it."""
    source = open_source("mnist")
    train, test = (in_memory(split).data for split in (source.train, source.test))
    order = np.random.default_rng(0).permutation(len(train))
    reference, others = train[order[:MANY]], train[order[MANY:]]
    first = blurred(others[:COUNT])
    real, made = reference[:COUNT], features(first)
    many = features(reference)
    known = many[:COUNT]
    base = "5,000 samples, 5,000 training images"
    yield base, "as it is", distance(known, made)
    for i in (1, 2):
        other = features(blurred(others[i * COUNT : (i + 1) * COUNT]))
        yield (
            "samples",
            f"another 5,000 of the same model ({i})",
            distance(known, other),
        )
    for count in (1000, 2000):
        yield "samples", f"{count:,}", distance(known, made[:count])
    for count in (1000, 2000, MANY):
        yield "real images", f"{count:,}", distance(many[:count], made)
    held = features(test[np.random.default_rng(0).permutation(len(test))[:COUNT]])
    yield "reference", "5,000 test images", distance(held, made)
    yield "floor", "test images as samples", distance(known, held)
    yield "floor", "1,000 test images as samples", distance(known, held[:1000])
    mirror = features(real[:, :, ::-1])
    both = np.concatenate([known, mirror])
    yield "flips", "reference and its mirror images", distance(both, made)
    for quality in (95, 90, 75):
        seen = features(as_jpeg(real, quality))
        yield "JPEG", f"reference of quality {quality}", distance(seen, made)
    seen = features(as_jpeg(first, 75))
    yield "JPEG", "samples of quality 75", distance(known, seen)
    yield from _filters(real, first)
    for name in ("small_cnn_fashion_mnist", "pixels"):
        pair = (features(x, name) for x in (real, first))
        yield "extractor", f"`{name}`", distance(*pair)


def _filters(real, generated):
    names = ("bicubic_antialiased", "bilinear_half_pixel", "bilinear_tf1")
    seen = {
        name: tuple(features(reduced(x, name)) for x in (real, generated))
        for name in names
    }
    for name in names:
        yield "resize 64 → 28", f"`{name}`, both", distance(*seen[name])
    pair = seen[names[0]][0], seen[names[1]][1]
    yield "resize 64 → 28", f"`{names[0]}` real, `{names[1]}` samples", distance(*pair)


def main(show: Callable[[str], None] = print) -> None:
    show("| choice | value | distance | less the first row |")
    show("|---|---|---|---|")
    base = None
    for group, row, value in rows():
        base = value if base is None else base
        show(f"| {group} | {row} | {value:.3f} | {value - base:+.3f} |")


if __name__ == "__main__":
    main()
