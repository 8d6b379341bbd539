"""Data: sources by name, the order of samples, and the feeds that serve them."""

from collections.abc import Callable, Sequence

from ganjax.data import synthetic
from ganjax.data.digits import open_digits
from ganjax.data.feeds import Feed, drawn, make_feed, resident, scaled, streamed
from ganjax.data.idx import open_fashion_mnist, open_idx, open_mnist
from ganjax.data.image_folder import open_cifar10_jpeg, open_image_folder
from ganjax.data.mirror import mirrored
from ganjax.data.partial import of_classes, partly_labelled, some_of
from ganjax.data.prepared import open_cifar10, open_tfds
from ganjax.data.source import (
    Arrays,
    Composed,
    Items,
    Sampler,
    Source,
    Spec,
    decoded_bytes,
    fixed_sample,
    in_memory,
    samples,
)
from ganjax.data.stacked import open_stacked_mnist
from ganjax.data.translations import open_edges_fashion_mnist, open_mnist_twins
from ganjax.errors import unknown

__all__ = [
    "SOURCES",
    "Arrays",
    "Composed",
    "Feed",
    "Items",
    "Sampler",
    "Source",
    "Spec",
    "decoded_bytes",
    "drawn",
    "fixed_sample",
    "in_memory",
    "make_feed",
    "mirrored",
    "open_source",
    "resident",
    "samples",
    "scaled",
    "some_of",
    "streamed",
]


def open_source(
    name: str,
    directory: str = "",
    *,
    classes: Sequence[int] = (),
    labels: int = 0,
    subset: int = 0,
) -> Source:
    """Opens a data set by name.

    Args:
        name: a key of ``SOURCES``.
        directory: the value of ``data.dir``; where it is empty the data roots are
            searched (``ganjax.data.location``). Synthetic sources and digits ignore it.
        classes: those that training samples are of; all if empty (``of_classes``).
        labels, subset: how many of their labels are known, and which; 0 for all
            (``partly_labelled``).

    Raises:
        BadInput: unknown name, or data that are missing or damaged.
    """
    if name not in SOURCES:
        raise unknown("data.name", name, SOURCES)
    source = SOURCES[name](directory)
    if classes:
        source = of_classes(source, classes)
    if labels:
        source = partly_labelled(source, labels, subset)
    return source


SOURCES: dict[str, Callable[[str], Source]] = {
    "ring8": synthetic.gaussians("ring8"),
    "ring8_pacgan": synthetic.gaussians("ring8_pacgan"),
    "ring8_wgan_gp": synthetic.gaussians("ring8_wgan_gp"),
    "ring5_rsgan": synthetic.gaussians("ring5_rsgan"),
    "grid25": synthetic.gaussians("grid25"),
    "grid25_wgan_gp": synthetic.gaussians("grid25_wgan_gp"),
    "swiss_roll": synthetic.shape("swiss_roll", synthetic.swiss_roll, 2),
    "two_clusters_rsgan": synthetic.shape(
        "two_clusters_rsgan",
        synthetic.two_clusters,
        1,
        modes=synthetic.CLUSTERS,
        std=0.05,
    ),
    "unpaired": synthetic.open_unpaired,
    "paired": synthetic.open_paired,
    **{f"gratings{size}": synthetic.gratings(size) for size in (8, 32, 64, 128, 256)},
    "digits": open_digits,
    "mnist": open_mnist,
    "fashion_mnist": open_fashion_mnist,
    "stacked_mnist": open_stacked_mnist,
    "mnist_twins": open_mnist_twins,
    "edges_fashion_mnist": open_edges_fashion_mnist,
    "cifar10": open_cifar10,
    "cifar10_jpeg": open_cifar10_jpeg,
    "idx": open_idx,
    "image_folder": open_image_folder,
    "tfds": open_tfds,
}
