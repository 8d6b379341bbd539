"""Read one image file: its header, and its pixels as uint8.

Rules for all formats that Pillow reads:

- the EXIF orientation is applied, as ``PIL.ImageOps.exif_transpose`` applies it;
- values of 16 bits are scaled to the full range of 8 bits and rounded: PNG, and grey
  TIFF. Other deep images (16-bit colour TIFF, 12 bits, float, 32 bits) are refused;
- palettes, CMYK and YCbCr become RGB;
- a transparent image keeps its alpha channel, or is put on white;
- a file with several frames is refused: APNG, animated WebP, GIF, TIFF stacks. The
  previews in a JPEG of several pictures (MPO) are no frames.
"""

import functools
import io
import warnings
from typing import Any, NamedTuple

import numpy as np

from ganjax.data.bombs import TooLarge, check_pixels

# Pillow modes of 8 bits a channel or less.
_SHALLOW = {"1", "L", "LA", "P", "PA", "RGB", "RGBA", "CMYK", "YCbCr"}
_GREY = {"1", "L", "LA"}
# Orientation -> name in PIL.Image.Transpose.
_TURNS = {
    2: "FLIP_LEFT_RIGHT",
    3: "ROTATE_180",
    4: "FLIP_TOP_BOTTOM",
    5: "TRANSPOSE",
    6: "ROTATE_270",
    7: "TRANSVERSE",
    8: "ROTATE_90",
}
# Without one of these words a PNG has no orientation, and Pillow need not decode it.
_EXIF = (b"eXIf", b"Raw profile type exif", b"XML:com.adobe.xmp")
# The channels of the colour types of PNG.
_PNG_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}


class BadImage(ValueError):
    """A file cannot be read as one image. The message is the reason, in one line."""


class Header(NamedTuple):
    """The size of an image, after EXIF orientation, and its channels.

    Attributes:
        width, height: in pixels.
        channels: 1 for grey, 3 for colour, 4 for an image with transparency.
        grey: whether the image is grey after it is put on white.
    """

    width: int
    height: int
    channels: int
    grey: bool


def header(content: bytes) -> Header:
    """Return the header of an image file. The pixels are decoded only if it has a
    palette.

    Args:
        content: the bytes of the file.

    Raises:
        BadImage: the file is damaged, holds several frames, or has a mode that is not
            supported.
    """
    try:
        image = _opened(content)
        width, height = image.size
        # Pillow turns a TIFF when it decodes; the size is the turned one already.
        if image.format != "TIFF" and _orientation(image, content) >= 5:
            width, height = height, width
        alpha = image.has_transparency_data
        grey = image.mode in _GREY or _deep(image, content) in (1, 2)
        if image.mode in ("P", "PA"):
            pixels = np.asarray(_on_white(_plain(image, content)).convert("RGB"))
            grey = bool((pixels == pixels[..., :1]).all())
    except BadImage:
        raise
    except Exception as error:  # Pillow raises many kinds of errors
        raise BadImage(f"is not a readable image ({_line(error)})") from error
    return Header(width, height, 4 if alpha else 1 if grey else 3, grey)


def decode(content: bytes, channels: int) -> np.ndarray:
    """Return the pixels of an image file, uint8 ``[H, W, channels]``.

    Args:
        content: the bytes of the file.
        channels: 1 for grey, 3 for RGB, both on white; 4 for RGBA.

    Raises:
        BadImage: the file is damaged, holds several frames, or has a mode that is not
            supported.
    """
    try:
        image = _opened(content)
        plain = _plain(image, content)
        if turn := _TURNS.get(_orientation(image, content)):
            from PIL import Image

            plain = plain.transpose(Image.Transpose[turn])
        if channels < 4:
            plain = _on_white(plain)
        pixels = np.asarray(plain.convert({1: "L", 3: "RGB", 4: "RGBA"}[channels]))
    except BadImage:
        raise
    except Exception as error:  # damaged images raise OSError, SyntaxError, …
        raise BadImage(f"cannot be decoded ({_line(error)})") from error
    return pixels.reshape(*pixels.shape[:2], channels)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


@functools.cache
def _pillow() -> Any:
    """Return Pillow's module, without its warning of large images."""
    from PIL import Image

    warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
    return Image


def _opened(content: bytes) -> Any:
    """Return the image, whose pixels Pillow has not decoded yet."""
    image: Any = _pillow().open(io.BytesIO(content))
    try:
        check_pixels(*image.size, len(content))
    except TooLarge as error:
        raise BadImage(str(error)) from error
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and image.format != "MPO":
        raise BadImage(f"has {frames} frames, expected one image in a file")
    _deep(image, content)
    return image


def _deep(image: Any, content: bytes) -> int:
    """Return the channels of an image of 16 bits a channel, or 0 for at most 8 bits.

    Raises:
        BadImage: the image is deep in another way.
    """
    bits: tuple[int, ...] = ()
    if image.format == "PNG":
        depth, colour = content[24:26]
        if depth == 16:
            return _PNG_CHANNELS[colour]
    elif image.format == "TIFF":
        bits = image.tag_v2.get(258, (1,))
        white_is_zero = image.tag_v2.get(262) == 0
        if bits == (16,) and image.mode.startswith("I;16") and not white_is_zero:
            return 1
    if image.mode not in _SHALLOW or max(bits, default=8) > 8:
        said = f"mode {image.mode}" + (f" with {max(bits)} bits" if bits else "")
        raise BadImage(
            f"has {said}, expected 8 bits a channel, or 16 bits in a PNG or grey TIFF"
        )
    return 0


def _plain(image: Any, content: bytes) -> Any:
    """Decode to a Pillow image of mode L, LA, RGB or RGBA, 8 bits a channel."""
    from PIL import Image

    clear = image.info.get("transparency")
    if channels := _deep(image, content):
        values = _sixteen(image, content, channels)
        if clear is not None:
            opaque = (values != np.array(clear)).any(-1, keepdims=True)
            values = np.concatenate([values, opaque * 65535], -1)
        eight = ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
        return Image.fromarray(eight[..., 0] if eight.shape[-1] == 1 else eight)
    if image.mode in ("1", "L"):
        grey = np.asarray(image.convert("L"))
        if clear is None:
            return Image.fromarray(grey)
        depth = content[24] if image.format == "PNG" else 8
        # Pillow scales values of 2 and 4 bits to 8 bits, but not the transparent one.
        clear = clear * (255 // (2**depth - 1)) if 1 < depth < 8 else clear
        alpha = np.where(grey == clear, 0, 255).astype(np.uint8)
        return Image.fromarray(np.stack([grey, alpha], -1))
    if image.has_transparency_data:
        return image.convert("LA" if image.mode == "LA" else "RGBA")
    return image.convert("RGB")


def _sixteen(image: Any, content: bytes, channels: int) -> np.ndarray:
    """Return ``[H, W, channels]`` of 16 bits. Pillow decodes colours to their high
    bytes, so a second pass decodes the low bytes."""
    from PIL import Image

    if channels == 1:
        return np.asarray(image).astype(np.uint32)[..., None]
    # As RGBA of 8 bits, grey with alpha of 16 bits has the bytes of both in order.
    raw = {2: "RGBA", 3: "RGB;16L", 4: "RGBA;16L"}[channels]
    second: Any = Image.open(io.BytesIO(content))
    second.tile = [(*tile[:3], raw) for tile in second.tile]
    low = np.asarray(second).astype(np.uint32)
    if channels == 2:
        return low[..., ::2] * 256 + low[..., 1::2]
    return np.asarray(image).astype(np.uint32) * 256 + low


def _on_white(image: Any) -> Any:
    from PIL import Image

    if image.mode not in ("LA", "RGBA"):
        return image
    colours = image.convert("RGBA")
    white = Image.new("RGBA", image.size, "white")
    # The blend of equal channels is equal, so a grey image stays grey.
    grey = image.mode == "LA"
    blended = Image.alpha_composite(white, colours)
    return blended.getchannel(0) if grey else blended.convert("RGB")


def _orientation(image: Any, content: bytes) -> int:
    if image.format == "PNG" and not any(word in content for word in _EXIF):
        return 1
    return image.getexif().get(0x0112, 1)
