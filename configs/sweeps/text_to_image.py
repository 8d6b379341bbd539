"""Text to image on scenes (configs/text_to_image_scenes.py), with 5 seeds.

    python scripts/train_scene_reader.py
    ganjax sweep --config=sweeps/text_to_image --workdir=runs/captions

The first command makes the file of the reader that scores held-out captions.
``:joined``, ``:random`` and ``:unmatched`` are the variants of the config, and
``:tiny`` takes seconds per compiled program.

Expected: not measured yet. The aim is that the 95 % interval of each mean over seeds is
above the thresholds in the config's docstring.
"""

from configs import text_to_image_scenes
from ganjax.space import seeds

ARGUMENTS = text_to_image_scenes.ARGUMENTS


def get_config(variant=""):
    return text_to_image_scenes.get_config(variant)


def sweep(variant=""):
    return seeds(5)
