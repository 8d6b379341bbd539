"""Images that a command names: one file, or all images of a folder or an archive."""

from pathlib import Path

import numpy as np

from ganjax.data.image_file import BadImage, Header, decode, header
from ganjax.data.location import bad_file, reading
from ganjax.data.prepared_images import is_prepared
from ganjax.data.tree import SUFFIXES, Tree
from ganjax.data.watchdog import Reading
from ganjax.errors import BadInput


class NamedImages:
    """The images at a path. An image is decoded only when its pixels are requested.
    Several threads may use the same object.

    Args:
        path: an image file, a folder, a .zip, a .tar or a .tar.gz.

    Attributes:
        names: sorted names of the image files.
        single: whether the path is one image file.

    Raises:
        BadInput: there is no such path, it has no images, or it is a prepared set.
    """

    def __init__(self, path: str):
        at = Path(path).expanduser()
        if not at.exists():
            raise BadInput(f"'{path}': no such file or folder")
        if at.is_dir() and is_prepared(at):
            raise BadInput(f"'{path}': is a prepared set, expected image files")
        self._tree = None
        self.single = at.is_file() and at.suffix.lower() in SUFFIXES
        if self.single:
            self._folder, self.names = at.parent, [at.name]
            return
        with reading():
            self._tree = Tree(at)
        self._folder, self.names = at, self._tree.names

    def header(self, name: str) -> Header:
        """Return the header of the image ``name``: its size and its channels.

        Raises:
            BadInput: the file is damaged, or its kind is refused.
        """
        return self._of(name, header)

    def pixels(self, name: str, channels: int) -> np.ndarray:
        """Return the pixels of the image ``name``, uint8 ``[H, W, channels]``.

        Args:
            channels: 1 for grey, 3 for RGB, both on white; 4 for RGBA.

        Raises:
            BadInput: the file is damaged, or its kind is refused.
        """
        return self._of(name, lambda content: decode(content, channels))

    def error(self, name: str, problem: str) -> BadInput:
        """Return an error, in one line, that names the image and its problem."""
        said = str(bad_file(self._folder, name, problem))
        return BadInput(said.removeprefix("data.dir="))

    def _of(self, name, decoder):
        try:
            return decoder(self._read(name))
        except BadImage as error:
            raise self.error(name, str(error)) from error

    def _read(self, name):
        if self._tree is not None:
            with reading():
                return self._tree.read(name)
        try:
            with Reading(self._folder / name):
                return (self._folder / name).read_bytes()
        except OSError as error:
            raise self.error(name, f"cannot be read ({error.strerror})") from error
