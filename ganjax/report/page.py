"""What the pages share: templates, pictures inside the file, whole files."""

import base64
import io
import os
from pathlib import Path

import jinja2
from markupsafe import Markup
from PIL import Image

# Pictures are shown enlarged by whole factors up to this width.
PICTURE_WIDTH = 620


def environment() -> jinja2.Environment:
    """Of the templates in this folder."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("ganjax.report", "."),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def picture_of(path: Path, notes: list[str]) -> dict | None:
    """A PNG for a template; one that cannot be read is told of in ``notes``."""
    content = path.read_bytes()
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.verify()
            width, height = image.size
    except (OSError, SyntaxError, ValueError):
        notes.append(f"samples/{path.name} is not a readable picture")
        return None
    factor = max(1, PICTURE_WIDTH // width)
    return {
        "source": Markup("data:image/png;base64,")
        + base64.b64encode(content).decode("ascii"),
        "width": width * factor,
        "height": height * factor,
        "enlarged": factor > 1,
    }


def replace_file(path: Path, text: str) -> Path:
    """Writes a file at once: a browser that reloads sees the old one or the new one."""
    unfinished = path.with_name(f"{path.name}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    os.replace(unfinished, path)
    return path
