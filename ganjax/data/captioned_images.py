"""A folder of images with a caption for each: the user's own data for text to image.

``data.dir`` is a folder, a .zip or a .tar. ``captions.csv`` in it has the columns
``file`` and ``caption``; its first line names them. Names of files are relative to the
folder. A file may occur in several lines, with another caption each. All images have
one size, and are decoded once, in memory.
"""

import csv
import dataclasses
import hashlib
import io

import jax
import numpy as np

from ganjax.data.captions import SHOWN, Captions, words_of
from ganjax.data.feeds import scaled
from ganjax.data.holdout import HOLDOUT, holdout_of
from ganjax.data.image_folder import source_of_files
from ganjax.data.layout import Arrangement, ImageFile
from ganjax.data.location import bad_file, locate
from ganjax.data.source import Arrays, Composed, Source, in_memory
from ganjax.data.tree import Tree, archive_stem
from ganjax.errors import BadInput, one_line
from ganjax.options import Option, configured

LIST = "captions.csv"
LONGEST = Option(32, "most words of a caption", least=1, most=1000)


@configured(holdout=HOLDOUT, longest=LONGEST)
def open_captioned_images(
    directory: str, holdout: float = 0.1, longest: int = 32, subset: int = 0
) -> Source:
    """Open images with captions. The module docstring has the form of ``directory``.

    All words of the captions are known, in alphabetical order.

    Args:
        directory: the value of ``data.dir``.
        holdout: the images of the test split: a share below 1, or a count. All captions
            of an image are on one side.
        longest: the largest number of words of a caption.
        subset: the seed that chooses the images of ``holdout``.

    Raises:
        BadInput: there is no list of captions, a caption is empty or too long, a file
            is missing or damaged, or sizes differ. The message names the line.
    """
    tree = Tree(locate("captioned_images", directory))
    pairs = _pairs(tree, longest)
    files = sorted({file for file, _ in pairs})
    held = holdout_of(files, [0] * len(files), holdout, subset, tree.path)
    images = [ImageFile(tree, name, 0) for name in files]
    train, test = ([x for x, h in zip(images, held, strict=True) if h == side]
                   for side in (False, True))  # fmt: skip
    facts = [pairs, [tree.size(file) for file in files]]
    digest = hashlib.sha256(repr(facts).encode()).hexdigest()
    rule = f"captions from {LIST}"
    arrangement = Arrangement((), train, test, rule, [], digest)
    name = f"captioned_images:{archive_stem(tree.path)}"
    source = source_of_files(name, arrangement, "white")
    words = sorted({word for _, text in pairs for word in words_of(text)})
    language = Captions(tuple(words), longest)
    splits, shown = [], ()
    for split, part in ((source.train, train), (source.test, test)):
        place = {file.name: i for i, file in enumerate(part)}
        own = [(place[file], text) for file, text in pairs if file in place]
        tokens = np.stack([language.tokens(text, LIST) for _, text in own])
        rows = np.array([row for row, _ in own], np.int32)
        splits.append(captioned(in_memory(split), rows, tokens))
        shown = tuple(text for _, text in own[:SHOWN])
    spec = dataclasses.replace(
        source.spec, captions=Captions(language.words, longest, shown)
    )
    return Source(spec, *splits, source.about)


def captioned(images: Arrays, rows: np.ndarray, tokens: np.ndarray) -> Composed:
    """Return a sampler of ``{'data', 'caption'}``: a random caption, and its image.

    Args:
        images: the images of a split.
        rows: int32 ``[n]``, the index of the image of each caption.
        tokens: int32 ``[n, L]``, the captions.
    """

    def make(arrays, keys):
        images, rows, tokens = arrays
        at = jax.vmap(lambda key: jax.random.randint(key, (), 0, len(rows)))(keys)
        return {"data": scaled(images[rows[at]]), "caption": tokens[at]}

    return Composed((images.data, rows, tokens), make, images)


def _pairs(tree: Tree, longest: int) -> list[tuple[str, str]]:
    """Return the name of a file and its caption for each line of the list."""
    if LIST not in tree.other:
        raise BadInput(
            f"data.dir='{tree.path}': expected a file {LIST} with the columns file and "
            "caption"
        )
    try:
        text = tree.read(LIST).decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""))
        lines = [(reader.line_num, row) for row in reader if row]
    except (UnicodeDecodeError, csv.Error) as error:
        problem = f"is not CSV in UTF-8 ({one_line(error)})"
        raise bad_file(tree.path, LIST, problem) from error
    columns = [column.strip().lower() for column in lines[0][1]] if lines else []
    if not {"file", "caption"} <= set(columns):
        said = one_line(", ".join(columns), 80) or "none"
        problem = f"has the columns {said}; expected the columns file and caption"
        raise bad_file(tree.path, LIST, problem)
    found, known = [], set(tree.names)
    for number, row in lines[1:]:
        cells = dict(zip(columns, [*row, *[""] * len(columns)], strict=False))
        file, caption = cells["file"], cells["caption"]
        file = file.strip().replace("\\", "/").removeprefix("./")
        length = len(words_of(caption))
        problem = ""
        if any(row[len(columns) :]):
            problem = (
                f"has {len(row)} cells, expected {len(columns)}; a caption with a "
                'comma is in quotes, as "a house, by the sea"'
            )
        elif file not in known:
            problem = f"'{one_line(file, 80)}' is no image of the data"
        elif not length:
            problem = "the caption has no words"
        elif length > longest:
            problem = (
                f"the caption has {length} words, expected at most "
                f"data.longest={longest}"
            )
        if problem:
            raise bad_file(tree.path, LIST, f"line {number}: {problem}")
        found.append((file, caption))
    if not found:
        raise bad_file(tree.path, LIST, "lists no captions")
    return found
