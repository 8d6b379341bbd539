"""Find the latents of your own pictures.

    ganjax project --workdir=runs/stylegan2 me.jpg you.png
    ganjax project --workdir=runs/stylegan2 me.jpg --space=w+ --features=inception
    ganjax sample --workdir=runs/stylegan2 --projected=projected/latents.npz \\
        --mode=directions

Pictures may have any size. They are cut and resized to the size of the run's images, as
`ganjax prepare` does. The command writes to the folder --out:

  latents.npz      the latents, for ganjax sample --projected
  NAME.png         for each picture, the generated image of its latent
  strip.png        a row for each picture: the picture, images during the search, result
  projection.json  the errors of the results, and how they were computed
"""

from pathlib import Path

from ganjax import command_line
from ganjax import names as imports
from ganjax.commands.output import whole
from ganjax.errors import BadInput


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax project")
    flags.add_argument("images", metavar="IMAGE", nargs="+", help="an image file")
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument(
        "--space", default="",
        help="z, w or w+ (default: w for a generator with styles, otherwise z)",
    )  # fmt: skip
    flags.add_argument("--steps", type=int, help="steps of the search (1000)")
    flags.add_argument(
        "--features", help="pixels (the default), or an extractor to compare with"
    )
    flags.add_argument(
        "--weights", help="a file of the extractor's weights", default=""
    )
    flags.add_argument(
        "--resize", help="filter that replaces the extractor's", default=""
    )
    flags.add_argument("--label", help="class of the pictures, for a run with labels")
    flags.add_argument("--seed", type=int, help="seed of the search (0)", default=0)
    flags.add_argument("--crop", help="center (the default) or none", default="center")
    flags.add_argument(
        "--filter", help="filter that resizes a picture (lanczos)", default="lanczos"
    )
    flags.add_argument("--out", help="a folder (projected)", default="projected")
    flags.add_argument(
        "--trust_code", action="store_true", help="run code that the run's config names"
    )
    flags = flags.parse_args(arguments)

    import ganjax
    from ganjax.projection import PIXELS, STEPS

    imports.beside(Path.cwd())
    out = Path(flags.out)
    if any(part.exists() and not part.is_dir() for part in (out, *out.parents)):
        raise BadInput(f"--out={flags.out}: expected a folder, found a file")
    run = ganjax.load(flags.workdir, trust_code=flags.trust_code)
    found = ganjax.project(
        run,
        flags.images,
        space=flags.space,
        steps=STEPS if flags.steps is None else flags.steps,
        features=PIXELS if flags.features is None else flags.features,
        weights=flags.weights,
        resize=flags.resize,
        label=flags.label,
        seed=flags.seed,
        crop=flags.crop,
        resample=flags.filter,
        say=print,
    )
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"--out={flags.out}: expected a place to write to, {error.strerror}"
        ) from error
    _write(out, run, found)
    for picture, scores in zip(found.pictures, found.scores, strict=True):
        print(_said(picture, scores))
    print(f"{found.protocol['space']}, {found.protocol['steps']} steps: {out}")
    return 0


def _said(picture, scores):
    parts = [f"PSNR {scores['psnr']:.2f} dB (start {scores['psnr_start']:.2f})"]
    if "ssim" in scores:
        parts.append(f"SSIM {scores['ssim']:.3f}")
    parts.append(f"MSE {scores['mse']:.4g}")
    start = scores["distance_start"]
    parts.append(f"distance {scores['distance']:.4g} (start {start:.4g})")
    parts += picture.changes
    return f"{picture.path}: {', '.join(parts)}"


def _write(out, run, found):
    import numpy as np
    from PIL import Image

    from ganjax.data import as_bytes, scaled
    from ganjax.projection import write_latents
    from ganjax.run_files import write_json
    from ganjax.training.pictures import image_grid

    names = [picture.name for picture in found.pictures]
    write_latents(out / "latents.npz", found.latents, names, run)
    for name, pixels in zip(names, as_bytes(found.images), strict=True):
        grey = pixels.shape[-1] == 1
        with whole(out / f"{name}.png") as part:
            Image.fromarray(pixels[..., 0] if grey else pixels).save(part)
    pixels = np.stack([picture.pixels for picture in found.pictures])
    rows = [np.asarray(scaled(pixels))[:, None], found.course, found.images[:, None]]
    rows = np.concatenate(rows, axis=1)
    strip = image_grid(rows.reshape(-1, *rows.shape[2:]), columns=rows.shape[1])
    with whole(out / "strip.png") as part:
        strip.save(part)
    images = [
        {
            "file": picture.path,
            "sha256": picture.digest,
            "image": f"{picture.name}.png",
            "changes": list(picture.changes),
            "scores": scores,
        }
        for picture, scores in zip(found.pictures, found.scores, strict=True)
    ]
    write_json(out / "projection.json", {"images": images, "protocol": found.protocol})
