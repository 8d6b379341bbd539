"""Find the images to prepare: a folder, an archive, Parquet files, or a TFDS folder."""

from pathlib import Path
from typing import Any

from ganjax.data import prepared
from ganjax.data.layout import arrange
from ganjax.data.prepared_images import is_prepared
from ganjax.data.preparing.fitting import Options
from ganjax.data.preparing.listing import Listing
from ganjax.data.preparing.pairs import domains_in, listed_domains, listed_pairs
from ganjax.data.preparing.parquet import ParquetTree, parquet_files
from ganjax.data.preparing.records import RecordTree
from ganjax.data.preparing.shards import Item
from ganjax.data.tree import Tree, archive_stem
from ganjax.errors import BadInput


def find_images(source: str, options: Options) -> Listing:
    """Return the images at a path, with their classes and splits.

    The docstring of ``ganjax.data.layout`` has the rule for classes and splits. Folders
    ``trainA`` and ``trainB`` are two domains without pairs. ``options.pairs`` chooses
    pairs.

    Raises:
        BadInput: there is no such path, it has no images or is a prepared set, the
            names do not follow the rule, or an option does not fit the images. The
            message names ``FOLDER`` or the option.
    """
    path = Path(source).expanduser()
    if not path.exists():
        raise BadInput(f"FOLDER='{source}': no such file or folder")
    if is_prepared(path):
        raise BadInput(f"FOLDER='{source}': is a prepared set; expected images")
    try:
        return _listed(_tree(path), _stem(path), options)
    except BadInput as error:  # readers name the fields of a config
        said = str(error).replace("data.dir=", "FOLDER=", 1)
        raise BadInput(said.replace("data.holdout=", "holdout=", 1)) from error


def _tree(path: Path) -> Any:
    if files := parquet_files(path):
        return ParquetTree(path, files)
    if folder := prepared.find(path):
        return RecordTree(folder)
    return Tree(path)


def _stem(path: Path) -> str:
    name = archive_stem(path.resolve())
    return name.removesuffix(".parquet")


def _listed(tree, name, options) -> Listing:
    if options.pairs or domains_in(tree.names):
        if options.labels:
            problem = "expected it without pairs and domains, which have no labels"
            raise BadInput(f"labels='{options.labels}': {problem}")
        return (listed_pairs if options.pairs else listed_domains)(tree, name, options)
    found = arrange([tree], options.holdout, options.seed, options.labels)
    files = {"train": found.train, "test": found.test}
    items = {s: [Item((f,), f.label) for f in each] for s, each in files.items()}
    return Listing(name, "images", found.classes, {"": items}, found.rule, found.notes)
