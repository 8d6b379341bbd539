"""Data sources by name, and the section ``data`` of a config."""

import dataclasses
import math
from collections.abc import Mapping

from ganjax.data import synthetic
from ganjax.data.captioned_images import open_captioned_images
from ganjax.data.digits import open_digits
from ganjax.data.feeds import FEEDS, RESIDENT, Feed, make_feed
from ganjax.data.idx import open_fashion_mnist, open_idx, open_mnist
from ganjax.data.image_folder import open_cifar10_jpeg, open_image_folder
from ganjax.data.mirror import mirrored
from ganjax.data.molecules import open_molecules
from ganjax.data.oracle import open_oracle_words
from ganjax.data.partial import CLASSES, of_classes, partly_labelled, some_of
from ganjax.data.poisson import poisson
from ganjax.data.prepared import open_cifar10, open_tfds
from ganjax.data.scenes import open_scenes
from ganjax.data.scikit_pictures import open_textures
from ganjax.data.series import open_italy_power_demand, open_sines
from ganjax.data.smiles_file import open_moses, open_smiles
from ganjax.data.source import Source, decoded_bytes
from ganjax.data.stacked import open_stacked_mnist
from ganjax.data.style_pictures import open_style_pictures
from ganjax.data.tables.sources import TABLES
from ganjax.data.translations import (
    open_edges_fashion_mnist,
    open_image_pairs,
    open_mnist_twins,
)
from ganjax.data.watchdog import limit_reads
from ganjax.errors import BadInput, check_memory
from ganjax.names import Table
from ganjax.options import option, options_of, own

SOURCES = Table(
    "a function (directory) -> Source",
    {
        **{name: synthetic.gaussians(name) for name in synthetic.LAYOUTS},
        "swiss_roll": synthetic.shape("swiss_roll", synthetic.swiss_roll, 2),
        "two_clusters_rsgan": synthetic.shape(
            "two_clusters_rsgan", synthetic.two_clusters, 1, synthetic.CLUSTERS, 0.05
        ),
        "unpaired": synthetic.open_unpaired,
        "paired": synthetic.open_paired,
        **{f"gratings{n}": synthetic.gratings(n) for n in (8, 32, 64, 128, 256)},
        "digits": open_digits,
        "mnist": open_mnist,
        "fashion_mnist": open_fashion_mnist,
        "stacked_mnist": open_stacked_mnist,
        "mnist_twins": open_mnist_twins,
        "edges_fashion_mnist": open_edges_fashion_mnist,
        "scenes": open_scenes,
        "cifar10": open_cifar10,
        "cifar10_jpeg": open_cifar10_jpeg,
        "idx": open_idx,
        "image_folder": open_image_folder,
        "image_pairs": open_image_pairs,
        "captioned_images": open_captioned_images,
        "tfds": open_tfds,
        "textures": open_textures,
        "style_pictures": open_style_pictures,
        **TABLES,
        "molecules": open_molecules,
        "smiles": open_smiles,
        "moses": open_moses,
        "sines": open_sines,
        "italy_power_demand": open_italy_power_demand,
        "oracle_words": open_oracle_words,
    },
    takes=1,
)


@dataclasses.dataclass(frozen=True)
class DataOptions:
    """The section ``data`` of a config. Some sources add options to the same section,
    such as ``data.holdout`` of ``image_folder``."""

    name: str = option("digits", "name of the data source", choices=SOURCES)
    dir: str = option("", "folder or file of the data; if empty, search data roots")
    feed: str = option("auto", "how batches reach the step", choices=FEEDS)
    classes: tuple[int | str, ...] = dataclasses.field(
        default=(), metadata={"option": CLASSES}
    )
    labels: int = option(0, "number of known training labels", least=0, zero="all")
    limit: int = option(
        0, "number of training samples; scores use all", least=0, zero="all"
    )
    subset: int = option(0, "seed that chooses labels, samples and a split", least=0)
    mirror: bool = option(
        False, "mirror each image with probability 1/2", needs=("images",)
    )
    balanced: bool = option(False, "draw each class equally often, not each sample")
    timeout: float = option(
        300.0, "seconds that one read may take; then the command ends", least=0,
        zero="any time",
    )  # fmt: skip


def open_source(
    name: str, directory: str = "", *, classes=(), labels=0, subset=0, **options
) -> Source:
    """Open a data set by name.

    Args:
        name: a key of ``SOURCES``, or an import path ``MODULE:NAME``.
        directory: the value of ``data.dir``; if it is empty, the data roots are
            searched (``$GANJAX_DATA_DIR`` and ``~/.cache/ganjax/data``). Synthetic
            sources and digits ignore it.
        classes: the classes of the training samples, by name or number; all if empty.
        labels: the number of known training labels; 0 means all.
        subset: the seed that chooses the known labels. It also chooses the test split
            of a source with the option ``holdout``, if the data have no test split.
        options: options of the source.

    Raises:
        BadInput: the name is unknown, the data are missing or damaged, or ``classes``,
            ``labels`` or an option does not fit them.
    """
    opener = SOURCES.find("data.name", name)
    if "holdout" in options_of(opener):
        options["subset"] = subset  # the seed of the default test split
    source = opener(directory, **options)
    if not isinstance(source, Source):
        raise BadInput(f"data.name='{name}': expected a Source, found {source!r}")
    if classes:
        source = of_classes(source, classes)
    if labels:
        source = partly_labelled(source, labels, subset)
    return source


def source_of(section: Mapping) -> Source:
    """Return the source that the section ``data`` of a config chooses.

    Raises:
        BadInput: the name is unknown, the data are missing or damaged, or a field of
            the section does not fit them.
    """
    limit_reads(section["timeout"])
    parts = {name: section[name] for name in ("classes", "labels", "subset")}
    opener = SOURCES.find("data.name", section["name"])
    options = own(opener, section)
    return open_source(section["name"], section["dir"], **parts, **options)


def feed_of(section: Mapping, source: Source, batch_size: int, rounds: int) -> Feed:
    """Return the feed (the batches of training steps) that a ``data`` section chooses.

    Args:
        section: the section ``data`` of a config.
        source: the data set.
        batch_size: examples in one batch, over all devices.
        rounds: batches in one step, one for each update of a player that reads data.

    Raises:
        BadInput: a batch does not fit into memory, the data are too few for
            ``data.limit`` or a batch, the kind of feed does not fit, or
            ``data.balanced`` is set for data without classes.
    """
    split, sizes = source.train, {"batch_size": batch_size, "rounds": rounds}
    size = 4 * rounds * batch_size * math.prod(source.spec.shape)
    check_memory(f"batch_size={batch_size}", size)
    if section["limit"]:
        split = some_of(source, section["limit"], section["subset"])
    by_class = section["balanced"]
    if by_class and (not source.spec.classes or callable(split)):
        raise BadInput(
            "data.balanced=True: expected data with classes and with samples that are "
            f"stored one by one, unlike data.name='{source.spec.name}'"
        )
    if section["mirror"] and source.spec.captions:
        raise BadInput(
            "data.mirror=True: expected data without captions, which may name left and "
            f"right, unlike data.name='{source.spec.name}'"
        )
    if section["feed"] == "poisson":
        for name in ("balanced", "mirror"):
            if section[name]:
                raise BadInput(f"data.{name}=True: expected False with feed='poisson'")
        return poisson(split, **sizes)
    feed = make_feed(split, kind=section["feed"], by_class=by_class, **sizes)
    return mirrored(feed, **sizes) if section["mirror"] else feed


def is_streamed(section: Mapping, source: Source) -> bool:
    """Return whether the feed of ``feed_of`` reads its data during training. The answer
    reads at most one sample."""
    split, kind = source.train, section["feed"]
    if callable(split) or kind != "auto":
        return kind == "streamed"
    share = min(1, section["limit"] / len(split)) if section["limit"] else 1
    return share * decoded_bytes(split) > RESIDENT
