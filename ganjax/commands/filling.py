"""The part of ``ganjax sample`` that fills holes in a user's images: ``--image`` and
``--mask``."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ganjax.commands.output import whole
from ganjax.errors import BadInput

# Flags of ``ganjax sample`` that choose random samples.
OTHERS = (
    "seeds", "classes", "prompt", "prompts", "truncation", "n", "columns", "path",
    "reach", "extractor", "projected",
)  # fmt: skip


def add_flags(flags: argparse.ArgumentParser) -> None:
    """Add the flags ``--image`` and ``--mask``."""
    group = flags.add_argument_group("filling in")
    group.add_argument("--image", help="image, folder or archive with holes to fill")
    group.add_argument(
        "--mask", help="its mask, white in the hole; default: a random one by --seed"
    )


def asks(flags: argparse.Namespace) -> bool:
    """Return whether the flags ask for filled holes.

    Raises:
      BadInput: they also ask for something else.
    """
    if flags.image is None and flags.mask is None:
        return False
    if flags.image is None:
        raise BadInput(f"--mask={flags.mask}: expected --image with it")
    for name in ("image", "mask"):
        if getattr(flags, name) == "":  # Path("") would be the current folder
            raise BadInput(f"--{name}=: expected an image, a folder or an archive")
    given = [name for name in OTHERS if getattr(flags, name) is not None]
    given += ["mode"] if flags.mode != "grid" else []
    given += ["seed"] if flags.mask is not None and flags.seed is not None else []
    if given:
        other = "--mask" if given == ["seed"] else "--image"
        value = getattr(flags, other[2:])
        raise BadInput(f"{other}={value}: expected no --{given[0]} with it")
    if not 0 <= (flags.seed or 0) < 2**32:
        raise BadInput(f"--seed={flags.seed}: expected 0 to 2^32 - 1")
    return True


def fill(
    flags: argparse.Namespace, run: Any, open_out: Callable[[], tuple[Path, bool]],
    write: Callable, said: dict[str, Any],
) -> Path:  # fmt: skip
    """Write the completed images that the flags ask for, and return where to.

    A picture has pairs of columns: an image with its hole in grey, and the completed
    image. A folder gets both as files, ``NAME_asked.png`` and ``NAME_filled.png``, and
    ``.npy`` the completed images. Nothing is written if an image or a mask is refused.

    Args:
      open_out: makes the folder of ``--out``, and returns ``(place, is a folder)``.
      write: ``(file, picture, said)`` writes a picture with facts in its metadata.
      said: these facts.
    """
    from PIL import Image

    from ganjax.completion import complete, in_bytes
    from ganjax.training.pictures import image_grid

    seed = flags.seed or 0
    found = complete(run, flags.image, flags.mask, seed)
    holes = {"seed": seed} if flags.mask is None else {"mask": Path(flags.mask).name}
    said = said | {"mode": "filling", "image": Path(flags.image).name} | holes
    out, folder = open_out()
    if out.suffix == ".npy" and not folder:
        with whole(out) as part:
            np.save(part, found.made)
    elif not folder:
        both = np.stack([found.asked, found.made], 1)
        both = both.reshape(-1, *both.shape[2:])
        columns = 2 * min(4, len(found.names))
        write(out, image_grid(both, columns=columns), said)
    else:
        for kind, images in (("asked", found.asked), ("filled", found.made)):
            for name, pixels in zip(found.names, in_bytes(images), strict=True):
                target = out / f"{name}_{kind}.png"
                target.parent.mkdir(parents=True, exist_ok=True)
                write(target, Image.fromarray(pixels), said)
    return out
