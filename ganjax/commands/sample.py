"""Draw samples or pictures of a run.

    ganjax sample --workdir=runs/quickstart --n=100 --out=digits.png
    ganjax sample --workdir=runs/quickstart --mode=interpolation
    ganjax sample --workdir=runs/quickstart --mode=animation --out=run.gif
    ganjax sample --workdir=runs/quickstart --n=1000 --out=samples.npy
    ganjax sample --workdir=runs/conditional --seeds=0-7,12 --classes=cat --out=cats/
    ganjax sample --workdir=runs/scenes --prompt="a small red seven on the left"
    ganjax sample --workdir=runs/stylegan2 --projected=projected/latents.npz \
        --mode=directions
    ganjax sample --workdir=runs/inpainting --image=photo.png --mask=hole.png
    ganjax sample --workdir=runs/ctgan --n=1000 --out=rows.csv --where=age=40,sex=F

The ending of --out selects the output: .png or .gif for a picture, .npy for the array
of samples (float32, images in [-1, 1]), / for a folder with a file for each image,
named by its seed and index. The metadata of a picture hold its mode, seed, step and
data set. Molecules are written to .smi (a SMILES in each line), time series to .npz (in
the units of the data) and sentences to .txt.

With --seeds there is one image for each seed, named by the seed. The image of a seed
does not depend on the other seeds. If the game takes labels, the classes take turns:
seed s has class number s modulo the number of classes. --classes restricts the classes.

A game that generates by captions takes them from --prompt, which may be repeated, or
from the lines of the file --prompts; without both, it takes held-out captions. They
take turns, and by default --n is at least the number of prompts. The metadata of a
picture hold the prompts, --mode=captions also writes them over the rows, and a folder
has the list captions.csv with the columns file and caption.

With --projected, the latents that `ganjax project` found for your pictures are used in
place of random latents. They are truncated only if --truncation is given.

With --image, a run of game=inpainting fills holes in your images: white pixels of
--mask, or random holes. Each completed image is next to the image with its hole.

A run of a table writes rows with the columns and types of its file to an --out that
ends in .csv or .parquet. --where keeps rows with these values; a value that the data do
not have is refused. With --table, a run of game=gain fills in the missing values of
your table.
"""

import csv
import dataclasses
import functools
import json
import math
import re
import textwrap
from pathlib import Path

from ganjax import command_line, names
from ganjax.commands import filling, rows
from ganjax.commands import flags as shared
from ganjax.commands.output import whole
from ganjax.data.natural_files import ENDINGS as NATURAL
from ganjax.errors import BadInput, check_memory

ENDINGS = tuple(
    dict.fromkeys((".png", ".gif", ".npy", *NATURAL.values(), *rows.ENDINGS))
)


def main(arguments: list[str]) -> int:
    from ganjax.data.natural_files import write_natural
    from ganjax.gallery import MODES
    from ganjax.loading import picture_of

    flags = _parsed(arguments)
    names.beside(Path.cwd())
    fills, tabular = filling.asks(flags), rows.asks(flags)
    run = _run(flags)
    if tabular:
        print(f"step {int(run.state.step)}, {rows.write(flags, run)}")
        return 0
    if fills:
        return _filled(flags, run)
    mode = MODES.find("--mode", flags.mode)
    seeds = _seeds(flags)
    request = _request(run, flags, _options(mode, flags))
    out, folder = _opened(flags, run, "samples/" if seeds else None)
    said = {
        "mode": flags.mode,
        "seed": seeds or request.seed,
        "step": int(run.state.step),
        "config": run.config.data.name,
        "truncation": run.model.sampling.truncation,
    }
    if chosen := run.model.sampling.classes:
        said["classes"] = [run.source.spec.classes[label] for label in chosen]
    captions = _captions(run)
    if run.model.sampling.captions:
        said["prompts"] = captions
    if request.saved is not None:
        said["projected"] = Path(request.projected).name
    arrays = (".npy", *NATURAL.values())
    if not (seeds or folder or out.suffix in arrays):
        _write(out, mode(request), said)
    else:
        made = run.model.of_seeds(seeds) if seeds else _samples(request)
        if folder:
            _write_each(out, made, said, seeds, captions)
        elif out.suffix == ".npy":
            import numpy as np

            with whole(out) as part:
                np.save(part, made)
        elif out.suffix in arrays:
            with whole(out) as part:
                written = write_natural(part, made, run.source.spec.form)
            print(written)
        else:
            _write(out, picture_of(made, run.source.spec.form), said)
    print(f"{flags.mode} of step {said['step']}: {out}")
    return 0


def _filled(flags, run):
    said = {"step": int(run.state.step), "config": run.config.data.name}
    opened = functools.partial(_opened, flags, run, "filling.png")
    out = filling.fill(flags, run, opened, _write, said)
    print(f"filling of step {said['step']}: {out}")
    return 0


def _parsed(arguments):
    flags = command_line.parser(__doc__, "ganjax sample")
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("--mode", default="grid", help="see below, or MODULE:FUNCTION")
    flags.add_argument(
        "--out", help="file or folder; default: MODE.png, or samples/ with --seeds"
    )
    flags.add_argument("--seeds", help="an image for each seed, as in 0-7,12")
    shared.add_classes(flags, "draw only these classes")
    flags.add_argument(
        "--prompt", action="append", metavar="TEXT", help="a caption to draw"
    )
    flags.add_argument(
        "--prompts", metavar="FILE", help="a file with a caption in each line"
    )
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
    options.add_argument(
        "--path", help="spherical (the default), or linear (the default for styles)"
    )
    options.add_argument(
        "--reach", type=float, help="distance from the mean, in standard deviations (3)"
    )
    options.add_argument(
        "--extractor", help="extractor of the features that are compared"
    )
    options.add_argument(
        "--projected", metavar="FILE", help="latents.npz of ganjax project"
    )
    filling.add_flags(flags)
    rows.add_flags(flags)
    from ganjax.gallery import MODES

    flags.epilog = "modes:\n" + "\n".join(map(_described, MODES, MODES.values()))
    return flags.parse_args(arguments)


def _run(flags):
    """Return the run, with the truncation and the classes that the flags ask for."""
    import ganjax

    run = ganjax.load(flags.workdir, trust_code=flags.trust_code)
    classes, truncation = shared.classes(flags.classes), flags.truncation
    captions = shared.prompts(flags)
    if flags.projected is not None:
        if not flags.projected:
            raise BadInput("--projected=: expected a file")
        for name in ("classes", "seeds", "prompt", "prompts"):
            if (value := getattr(flags, name)) is not None:
                value = value[0] if name == "prompt" else value
                raise BadInput(f"--{name}={value}: expected no --projected with it")
        truncation = "0" if truncation is None else truncation
    if truncation is None and not classes and not captions:
        return run
    changed = {} if truncation is None else {"sampling.truncation": truncation}
    return run.sampled(changed, classes, captions)


def _captions(run):
    """Return the texts that samples have in turn; none without captions."""
    sampler, language = run.model.sampler, run.source.spec.captions
    if not sampler.captioned:
        return []
    return [language.text(tokens) for tokens in sampler.chosen]


def _options(mode, flags):
    """Return the options that change the picture of a mode, given the flags."""
    if flags.projected is None:
        return mode.options
    takes = getattr(mode, "options_of_projected", None)
    if takes is None:
        raise BadInput(
            f"--projected={flags.projected}: expected a mode that draws projected "
            f"pictures, and --mode={flags.mode} does not"
        )
    return (*takes, "projected")


def _request(run, flags, takes):
    """Return the request of a picture, of the flags that the mode ``takes``."""
    from ganjax.gallery import Request

    given = {"n": 64} if flags.mode == "grid" and "n" in takes else {}
    prompts = len(run.model.sampling.captions)
    if prompts and "n" in takes:
        given["n"] = max(prompts, given.get("n", Request.n))
    for name in (field.name for field in dataclasses.fields(Request)):
        value = getattr(flags, name, None)
        if value is None:
            continue
        if name not in takes:
            raise BadInput(
                f"--{name}={value}: expected a mode that uses this option, but "
                f"--mode={flags.mode} uses {_named(takes)}"
            )
        if name in ("n", "columns") and not 1 <= value < 2**31:
            raise BadInput(f"--{name}={value}: expected 1 to 2^31 - 1")
        if name == "seed" and not 0 <= value < 2**32:
            raise BadInput(f"--seed={value}: expected 0 to 2^32 - 1")
        if name == "reach" and not math.isfinite(value):
            raise BadInput(f"--reach={value}: expected a finite number")
        given[name] = value
    request = Request(run, **given)
    if "n" in given:
        columns = request.columns if "columns" in takes else 1
        size = 4 * given["n"] * columns * math.prod(run.source.spec.shape)
        check_memory(f"--n={given['n']}", size)
    if request.saved is not None:
        _check_truncation(flags, run)
    return request


def _samples(request):
    from ganjax.gallery import samples

    return samples(request)


def _check_truncation(flags, run):
    from ganjax.projection import has_styles

    if flags.truncation is None:
        return
    if flags.mode == "truncation" or not has_styles(run.game):
        raise BadInput(
            f"--truncation={flags.truncation}: with --projected, expected a generator "
            f"with styles and a mode other than truncation"
        )


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


def _opened(flags, run, default):
    """Return the place to write to, whose folder exists, and whether it is a folder."""
    grid = flags.mode == "grid"
    default = default or f"{'samples' if grid else flags.mode.rpartition(':')[2]}.png"
    out, folder = _target(default if flags.out is None else flags.out)
    if (folder or out.suffix in (".npy", *NATURAL.values())) and not grid:
        raise BadInput(f"--out={flags.out}: expected a picture for --mode={flags.mode}")
    form = run.source.spec.form
    own = NATURAL[form.kind] if form else None
    if out.suffix in NATURAL.values() and out.suffix != own:
        wanted = f", or NAME{own}" if own else ""
        raise BadInput(
            f"--out={flags.out}: expected a run that generates "
            f"{next(k for k, x in NATURAL.items() if x == out.suffix)}{wanted}"
        )
    if folder and len(run.source.spec.shape) != 3:
        raise BadInput(f"--out={out}/: expected a run that generates images")
    try:
        (out if folder else out.parent).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(
            f"--out={flags.out}: expected a place to write to, {error.strerror}"
        ) from error
    return out, folder


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
    with whole(out) as part:
        frames[0].save(part, **options)


def _write_each(folder, samples, said, seeds, captions):
    """Write a file for each image, without the frame of a grid."""
    from ganjax.training.pictures import image_grid

    said = {name: value for name, value in said.items() if name != "prompts"}
    asked, captions_file = [], folder / "captions.csv"
    if captions:
        _check_own(captions_file)
    for i, sample in enumerate(samples):
        height, width = sample.shape[:2]
        picture = image_grid(sample[None], columns=1, scale=1)
        inner = picture.crop((2, 2, 2 + width, 2 + height))
        if seeds:
            name, own = f"seed{seeds[i]:06}.png", {"seed": seeds[i]}
        else:
            name, own = f"seed{said['seed']}-{i:06}.png", {"index": i}
        if captions:
            turn = seeds[i] if seeds else i
            own["prompt"] = captions[turn % len(captions)]
            asked.append((name, own["prompt"]))
        _write(folder / name, inner, {**said, **own})
    if asked:
        with (
            whole(captions_file) as part,
            part.open("w", encoding="utf-8", newline="") as file,
        ):
            csv.writer(file).writerows([("file", "caption"), *asked])


def _check_own(path):
    """Raise ``BadInput`` if a list of captions names images of another origin."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    if not all(re.match(r"seed\d+(-\d+)?\.png,", line) for line in lines[1:]):
        raise BadInput(
            f"--out={path.parent}/: expected a folder without captions of other "
            f"images, found '{path}'"
        )
