"""Text to image on scenes (configs/text_to_image_scenes.py), with 5 seeds.

    python scripts/train_scene_reader.py
    ganjax sweep --config=sweeps/text_to_image --workdir=runs/captions \\
        --population=alone --slots=2 --pin

The first command makes the file of the reader that scores held-out captions.
``:joined``, ``:random`` and ``:unmatched`` are the variants of the config, and
``:tiny`` takes seconds per compiled program. The settings were chosen on seed 7, which
is not in this sweep. The second command takes 26 minutes on two cores, and the config's
docstring has its result.
"""

from configs import text_to_image_scenes
from ganjax.space import seeds

ARGUMENTS = text_to_image_scenes.ARGUMENTS


def get_config(variant=""):
    return text_to_image_scenes.get_config(variant)


def sweep(variant=""):
    return seeds(5)
