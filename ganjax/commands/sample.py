"""Draw samples or pictures of a run.

    ganjax sample --workdir=runs/quickstart --n=100 --out=digits.png
    ganjax sample --workdir=runs/quickstart --mode=interpolation
    ganjax sample --workdir=runs/quickstart --mode=animation --out=run.gif
    ganjax sample --workdir=runs/quickstart --n=1000 --out=samples.npy
    ganjax sample --workdir=runs/conditional --seeds=0-7,12 --classes=cat --out=cats/

The ending of --out selects the output: .png or .gif for a picture, .npy for the array
of samples (float32, images in [-1, 1]), / for a folder with a file for each image,
named by its seed and index. The metadata of a picture hold its mode, seed, step and
data set.

With --seeds there is one image for each seed, named by the seed. The image of a seed is
the same in every list. If the game takes labels, the classes
take turns by the seed; --classes chooses them.
"""

import dataclasses
import json
import math
import re
import textwrap
from pathlib import Path

from ganjax import command_line, names
from ganjax.commands import flags as shared
from ganjax.errors import BadInput

ENDINGS = (".png", ".gif", ".npy")


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax sample")
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("--mode", default="grid", help="see below, or MODULE:FUNCTION")
    flags.add_argument(
        "--out", help="file or folder; default: MODE.png, or samples/ with --seeds"
    )
    flags.add_argument("--seeds", help="an image for each seed, as in 0-7,12")
    shared.add_classes(flags, "draw only these classes")
    flags.add_argument(
        "--truncation",
        help="truncation of styles or normal latents, 0 for none; default: the run's",
    )
    flags.add_argument(
        "--trust_code", action="store_true", help="run code that the run's config names"
    )
    options = flags.add_argument_group("options of the modes below")
    options.add_argument("--n", type=int, help="number of samples (64) or rows (8)")
    options.add_argument(
        "--columns", type=int, help="number of columns, for modes with rows (9)"
    )
    options.add_argument("--seed", type=int, help="seed of the latents (0)")
    options.add_argument("--path", help="spherical (the default) or linear")
    options.add_argument(
        "--reach", type=float, help="distance from the mean, in standard deviations (3)"
    )
    options.add_argument(
        "--extractor", help="extractor of the features that are compared"
    )

    import ganjax
    from ganjax.gallery import MODES, Request
    from ganjax.loading import picture_of

    flags.epilog = "modes:\n" + "\n".join(map(_described, MODES, MODES.values()))
    flags = flags.parse_args(arguments)
    names.beside(Path.cwd())
    run = ganjax.load(flags.workdir, trust_code=flags.trust_code)
    classes = shared.classes(flags.classes)
    if flags.truncation is not None or classes:
        asked = {"sampling.truncation": flags.truncation}
        run = run.sampled(asked if flags.truncation is not None else {}, classes)
    mode = MODES.find("--mode", flags.mode)
    grid = flags.mode == "grid"
    seeds = _seeds(flags)
    named = "samples" if grid else flags.mode.rpartition(":")[2]
    default = "samples/" if seeds else f"{named}.png"
    out, folder = _target(default if flags.out is None else flags.out)
    given = {"n": 64} if grid else {}
    for name in (field.name for field in dataclasses.fields(Request)):
        value = getattr(flags, name, None)
        if value is None:
            continue
        if name not in mode.options:
            raise BadInput(
                f"--{name}={value}: expected a mode that looks at it, and "
                f"--mode={flags.mode} takes {_named(mode.options)}"
            )
        if name in ("n", "columns") and not 1 <= value < 2**31:
            raise BadInput(f"--{name}={value}: expected 1 to 2^31 - 1")
        if name == "seed" and not 0 <= value < 2**32:
            raise BadInput(f"--seed={value}: expected 0 to 2^32 - 1")
        if name == "reach" and not math.isfinite(value):
            raise BadInput(f"--reach={value}: expected a finite number")
        given[name] = value
    if (folder or out.suffix == ".npy") and not grid:
        raise BadInput(f"--out={flags.out}: expected a picture for --mode={flags.mode}")
    if folder and len(run.source.spec.shape) != 3:
        raise BadInput(f"--out={out}/: expected a run that generates images")
    try:
        (out if folder else out.parent).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"--out={flags.out}: expected a place to write to, {error.strerror}"
        ) from error

    request = Request(run, **given)
    said = {
        "mode": flags.mode,
        "seed": request.seed,
        "step": int(run.state.step),
        "config": run.config.data.name,
        "truncation": run.model.sampling.truncation,
    }
    if chosen := run.model.sampling.classes:
        said["classes"] = [run.source.spec.classes[label] for label in chosen]
    made = None
    if seeds:
        said["seed"] = seeds
        made = run.model.of_seeds(seeds)
    elif folder or out.suffix == ".npy":
        made = run.sample(request.seed, request.n)
    if folder and seeds:
        for seed, sample in zip(seeds, made, strict=True):
            path = out / f"seed{seed:06}.png"
            _write(path, _without_frame(sample), {**said, "seed": seed})
    elif folder:
        for i, sample in enumerate(made):
            path = out / f"seed{request.seed}-{i:06}.png"
            _write(path, _without_frame(sample), {**said, "index": i})
    elif out.suffix == ".npy":
        import numpy as np

        np.save(out, made)
    else:
        _write(out, mode(request) if made is None else picture_of(made), said)
    print(f"{flags.mode} of step {said['step']}: {out}")
    return 0


def _seeds(flags):
    """Return the seeds of ``--seeds``; none without the flag."""
    if flags.seeds is None:
        return []
    for name in ("seed", "n"):
        if getattr(flags, name) is not None:
            raise BadInput(f"--seeds={flags.seeds}: expected no --{name} with it")
    if flags.mode != "grid":
        raise BadInput(f"--seeds={flags.seeds}: expected no --mode with it")
    return shared.seeds("--seeds", flags.seeds)


def _named(options):
    return " ".join(f"--{name}" for name in options) or "no options"


def _described(name, mode):
    """Return the first sentence of a mode's docstring, without the citation."""
    said = re.sub(r"\s*\([^()]*arXiv[^()]*\)", "", " ".join(mode.__doc__.split()))
    said = said.split(". ")[0].rstrip(".")
    lines = textwrap.wrap(said, 84, initial_indent=" " * 4, subsequent_indent=" " * 4)
    return "\n".join([f"  {name}: {_named(mode.options)}", *lines])


def _target(name):
    out = Path(name)
    if name.endswith("/"):
        return out, True
    if out.suffix not in ENDINGS:
        raise BadInput(
            f"--out={name}: expected a name that ends in {', '.join(ENDINGS)} or /"
        )
    return out, False


def _write(out, picture, said):
    from PIL.PngImagePlugin import PngInfo

    from ganjax.gallery.over_time import SECONDS_A_FRAME, SECONDS_OF_THE_LAST

    frames = picture if isinstance(picture, list) else [picture]
    options = {}
    if out.suffix == ".png":
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text("ganjax", json.dumps(said))
    else:
        options["comment"] = json.dumps(said)
    if len(frames) > 1:
        durations = [1000 * SECONDS_A_FRAME] * (len(frames) - 1)
        options |= {
            "save_all": True,
            "append_images": frames[1:],
            "duration": [*map(int, durations), int(1000 * SECONDS_OF_THE_LAST)],
            "loop": 0,
        }
    frames[0].save(out, **options)


def _without_frame(sample):
    """Return one image ``[H, W, C]`` without the frame of a grid."""
    from ganjax.training.pictures import image_grid

    height, width = sample.shape[:2]
    return image_grid(sample[None], columns=1, scale=1).crop(
        (2, 2, 2 + width, 2 + height)
    )
