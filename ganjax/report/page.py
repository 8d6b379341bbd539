"""Shared parts of the HTML reports: their templates, and pictures inside the file."""

import base64
import io
import shlex
from pathlib import Path

import jinja2
from markupsafe import Markup
from PIL import Image

# Small pictures are enlarged by whole factors up to this width.
PICTURE_WIDTH = 620


def environment() -> jinja2.Environment:
    """Return the Jinja environment of the templates in this folder."""
    found = jinja2.Environment(
        loader=jinja2.PackageLoader("ganjax.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters["workdir_of"] = workdir_of
    return found


def workdir_of(command: str, name: str) -> str:
    """Return the folder that ``--workdir`` names in a command line of a shell.

    Args:
      command: the command line, with quotes where a shell needs them.
      name: the result if the command has no such flag or cannot be split into words.
    """
    try:
        words = shlex.split(command)
    except ValueError:  # a quote that is not closed
        return name
    for i, word in enumerate(words):
        flag, equals, value = word.partition("=")
        if flag == "--workdir":
            return value if equals else [*words, name][i + 1]
    return name


def picture_of(path: Path, notes: list[str]) -> dict | None:
    """Return a PNG file as the report templates use it: a dict of its data URL
    ``source``, its ``width`` and ``height`` on the page in pixels, and whether it is
    ``enlarged``.

    If the file is not a readable picture, append a line to ``notes`` and return
    ``None``.
    """
    content = path.read_bytes()
    if (size := size_of(content)) is None:
        notes.append(f"{path.parent.name}/{path.name} is not a readable picture")
        return None
    width, height = size
    factor = max(1, PICTURE_WIDTH // width)
    return {
        "source": Markup("data:image/png;base64,")
        + base64.b64encode(content).decode("ascii"),
        "width": width * factor,
        "height": height * factor,
        "enlarged": factor > 1,
    }


def size_of(content: bytes) -> tuple[int, int] | None:
    """Return the width and the height of the picture in a file in pixels, or ``None``
    if it is not a readable picture."""
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.verify()
            return image.size
    except (OSError, SyntaxError, ValueError):
        return None
