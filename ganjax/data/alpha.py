"""Images with an alpha channel: red, green, blue and how opaque a pixel is."""

import numpy as np


def has_alpha(shape: tuple[int, ...]) -> bool:
    """Return whether samples of ``shape`` are images ``(H, W, 4)``."""
    return len(shape) == 3 and shape[-1] == 4


def blended_on_white(images):
    """Return float images ``[n, H, W, 4]`` in [-1, 1] on white, ``[n, H, W, 3]``, with
    a gradient."""
    share = (images[..., 3:] + 1) / 2
    return share * images[..., :3] + (1 - share)


def on_white(images: np.ndarray) -> np.ndarray:
    """Blend images with an alpha channel, uint8 ``[n, H, W, 4]``, with white. Return
    uint8 ``[n, H, W, 3]``, rounded to the nearest value."""
    # 255·255 is above the largest uint8.
    colours, alpha = np.split(images.astype(np.uint32), [3], axis=-1)
    mixed = colours * alpha + 255 * (255 - alpha)
    return ((mixed + 127) // 255).astype(np.uint8)
