"""The pictures of a run: real examples once, samples of the same latents over time."""

from PIL import Image

from ganjax.core import Game, GameState, child_key
from ganjax.data import Source
from ganjax.evaluation import draw, held_out
from ganjax.training.pictures import image_grid, scatter
from ganjax.training.run_directory import RunDirectory

_POINTS_A_COUNT = 10  # a scatter of points needs more of them than a grid of images


class SamplePictures:
    """Writes ``samples/real.png`` and ``samples/step_*.png`` of one run."""

    def __init__(self, run: RunDirectory, game: Game, source: Source, key, count: int):
        self._folder = run.path / "samples"
        self._game, self._key = game, child_key(key, "samples")
        self._images = len(source.spec.shape) == 3
        self._count = count if self._images else _POINTS_A_COUNT * count
        self._reference, _ = held_out(source.test, self._count, seed=0)

    def real(self) -> Image.Image:
        """Held-out examples."""
        nothing = self._reference[:0]
        points = self._reference if self._images else nothing
        return self._save("real.png", points, self._reference, "real")

    def generated(self, state: GameState, step: int) -> Image.Image:
        """Samples at ``step``."""
        samples = draw(self._game, state, self._key, self._count)
        name = f"step_{step:08d}.png"
        return self._save(name, samples, self._reference, f"step {step}")

    def _save(self, name, samples, reference, title):
        if self._images:
            picture = image_grid(samples)
        else:
            picture = scatter(samples, reference, title=title)
        self._folder.mkdir(exist_ok=True)
        picture.save(self._folder / name)
        return picture
