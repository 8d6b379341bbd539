"""Draws pictures of a run, or samples from it.

    python scripts/sample.py --workdir=runs/quickstart --n=100 --out=digits.png
    python scripts/sample.py --workdir=runs/quickstart --mode=interpolation
    python scripts/sample.py --workdir=runs/quickstart --mode=animation --out=run.gif
    python scripts/sample.py --workdir=runs/quickstart --n=1000 --out=samples.npy

--out ends in .png or .gif for a picture, in .npy for the array of samples (float32, in
[-1, 1] for images), or in / for a folder with a file for each image, named by its seed
and its place. Pictures carry what they are of in their metadata.
"""

import json
from pathlib import Path

from ganjax import command_line
from ganjax.errors import BadInput, unknown

ENDINGS = (".png", ".gif", ".npy")


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("--mode", default="grid", help="what to draw, see below")
    flags.add_argument("--n", type=int, help="samples (64), or rows (8)")
    flags.add_argument("--columns", type=int, default=9, help="of modes with rows")
    flags.add_argument("--seed", type=int, default=0, help="of the latents")
    flags.add_argument("--path", default="spherical", help="or linear")
    flags.add_argument("--reach", type=float, default=3.0, help="of a direction")
    flags.add_argument("--extractor", default="", help="for neighbours; else pixels")
    flags.add_argument("--out", help="file or folder; MODE.png if not said")

    from ganjax.gallery import MODES, Request

    flags.epilog = "modes:\n" + "\n".join(
        f"  {name:15}{' '.join(mode.__doc__.split('. ')[0].split())}"
        for name, mode in MODES.items()
    )
    flags = flags.parse_args(arguments)
    if flags.mode not in MODES:
        raise unknown("--mode", flags.mode, MODES)
    default = "samples.png" if flags.mode == "grid" else f"{flags.mode}.png"
    out, folder = _target(flags.out or default)
    rows = 64 if flags.mode == "grid" else 8
    count = rows if flags.n is None else flags.n
    for name, value in (("n", count), ("columns", flags.columns)):
        if value < 1:
            raise BadInput(f"--{name}={value}: expected at least 1")
    if (folder or out.suffix == ".npy") and flags.mode != "grid":
        raise BadInput(f"--out={flags.out}: expected a picture for --mode={flags.mode}")

    import ganjax

    run = ganjax.load(flags.workdir)
    request = Request(
        run=run,
        n=count,
        columns=flags.columns,
        seed=flags.seed,
        path=flags.path,
        reach=flags.reach,
        extractor=flags.extractor,
    )
    said = {
        "mode": flags.mode,
        "seed": flags.seed,
        "step": int(run.state.step),
        "config": run.config.data.name,
    }
    (out if folder else out.parent).mkdir(parents=True, exist_ok=True)
    if folder:
        _write_each(out, run.sample(flags.seed, count), said)
    elif out.suffix == ".npy":
        import numpy as np

        np.save(out, run.sample(flags.seed, count))
    else:
        _write(out, MODES[flags.mode](request), said)
    print(f"{flags.mode} of step {said['step']}: {out}")
    return 0


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


def _write_each(folder, samples, said):
    from ganjax.training.pictures import image_grid

    if samples.ndim != 4:
        raise BadInput(f"--out={folder}/: expected a run that generates images")
    for i, sample in enumerate(samples):
        picture = image_grid(sample[None], columns=1, scale=1)
        height, width = sample.shape[:2]
        inner = picture.crop((2, 2, 2 + width, 2 + height))
        path = folder / f"seed{said['seed']}-{i:06}.png"
        _write(path, inner, {**said, "index": i})


if __name__ == "__main__":
    command_line.run(main)
