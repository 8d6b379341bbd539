"""Frequency spectra of generated and real images."""

import io

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from ganjax.data import held_out
from ganjax.gallery.request import Request, looks_at

SAMPLES = 1000


def radial_spectrum(images: np.ndarray) -> np.ndarray:
    """Return the mean power of images ``[n, H, W, C]`` at each integer radius, 0 to
    half of the shorter side (Durall et al. 2020, arXiv 2003.01826, section 3.1).

    The radius of a frequency is its length in cycles per pixel times the shorter side.
    So a wave has the same radius in every direction. If the images are square, the
    radius is in cycles per image. Power is the squared magnitude of the discrete
    Fourier transform divided by the number of pixels. It is averaged over images,
    channels and the frequencies whose radius rounds to the integer.
    """
    height, width = images.shape[1:3]
    side = min(height, width)
    power = np.abs(np.fft.fft2(images, axes=(1, 2))) ** 2 / (height * width)
    power = power.mean(axis=(0, 3))
    down, along = (np.fft.fftfreq(n, 1 / side) for n in (height, width))
    radius = np.floor(np.hypot(down[:, None], along[None, :]) + 0.5).astype(int)
    inside = radius <= side // 2
    total = np.bincount(radius[inside], power[inside])
    return total / np.bincount(radius[inside])


@looks_at("seed")
def spectrum(request: Request) -> Image.Image:
    """Draw the power of a thousand generated and a thousand held-out images over the
    spatial frequency, averaged over directions. Artefacts of upsampling appear at the
    right end."""
    request.require_images()
    generated = request.run.sample(request.seed, SAMPLES)
    real, _ = held_out(request.run.source.test, SAMPLES, seed=0)
    figure = Figure(figsize=(6.0, 4.0), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for images, colour, name in (
        (real, "#7d8894", "data"),
        (generated, "#d9640a", "generated"),
    ):
        axes.semilogy(radial_spectrum(images), color=colour, label=name)
    axes.set_xlabel("cycles per shorter side of the image")
    axes.set_ylabel("mean power")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    return Image.open(buffer).convert("RGB")
