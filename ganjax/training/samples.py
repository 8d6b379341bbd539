"""The pictures of a run: real examples once, samples of fixed latents over time."""

from PIL import Image

from ganjax.core import child_key
from ganjax.data import Source, held_out
from ganjax.model import Model
from ganjax.training.pictures import image_grid, scatter
from ganjax.training.run_directory import RunDirectory

POINTS_A_COUNT = 10  # a scatter plot needs more samples than a grid of images


class SamplePictures:
    """Writer of ``samples/real.png`` and ``samples/step_*.png`` of one run.

    Args:
      source: the data. Its test split gives the real examples.
      key: the random key in the run's state. The pictures of all steps are made from
        the same latents.
      count: samples in a picture of images. A plot of points has ten times as many.
    """

    def __init__(self, run: RunDirectory, source: Source, key, count: int):
        self._run, self._key = run, child_key(key, "samples")
        self._images = len(source.spec.shape) == 3
        self._count = count if self._images else POINTS_A_COUNT * count
        self._reference, _ = held_out(source.test, self._count, seed=0)

    def real(self) -> Image.Image:
        """Save and return a picture of held-out examples."""
        nothing = self._reference[:0]
        points = self._reference if self._images else nothing
        return self._save(self._run.real, points, self._reference, "real")

    def generated(self, model: Model, step: int) -> Image.Image:
        """Save and return a picture of samples of the model at ``step``."""
        samples = model.sample(self._key, self._count)
        path = self._run.picture(step)
        return self._save(path, samples, self._reference, f"step {step}")

    def _save(self, path, samples, reference, title):
        if self._images:
            picture = image_grid(samples)
        else:
            picture = scatter(samples, reference, title=title)
        path.parent.mkdir(exist_ok=True)
        # A picture that exists is complete, also after a kill.
        part = path.with_name(f".{path.name}.tmp")
        picture.save(part, format="PNG")
        part.replace(path)
        return picture
