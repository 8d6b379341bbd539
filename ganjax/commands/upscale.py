"""Enlarge images by a run of super-resolution.

    ganjax upscale --workdir=runs/srgan photo.jpg --out=large
    ganjax upscale --workdir=runs/srgan photos --out=large --tile=128

IMAGES is an image, a folder, or a .zip or .tar of images, of any sizes. NAME.jpg
becomes OUT/NAME_x4.png, with 8 bits a channel. Existing files are never replaced. The
generator must be fully convolutional (srresnet).

Large images are computed in tiles, to limit memory. The tiles overlap, so that no
borders show. With the default overlap, the result is equal to the result without tiles.
An alpha channel is enlarged by bicubic interpolation.
"""

from pathlib import Path

from ganjax import command_line
from ganjax import names as imports
from ganjax.errors import BadInput


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__, "ganjax upscale")
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("images", metavar="IMAGES", help="the images to enlarge")
    flags.add_argument("--out", required=True, help="the folder to write to")
    flags.add_argument(
        "--tile", type=int, default=256,
        help="side of a tile in pixels of the input, 0 for the whole image "
        "(%(default)s)",
    )  # fmt: skip
    flags.add_argument(
        "--overlap", type=int,
        help="pixels that are cut off where tiles meet; default: all that depend on "
        "pixels outside of the tile",
    )  # fmt: skip
    flags.add_argument(
        "--trust_code", action="store_true", help="run code that the run's config names"
    )
    flags = flags.parse_args(arguments)
    if Path(flags.out).exists() and not Path(flags.out).is_dir():
        raise BadInput(f"--out={flags.out}: expected a folder, found a file")

    import ganjax
    from ganjax.upscaling import upscale

    imports.beside(Path.cwd())
    run = ganjax.load(flags.workdir, trust_code=flags.trust_code)
    upscale(
        run, flags.images, flags.out, tile=flags.tile, overlap=flags.overlap,
        report=print,
    )  # fmt: skip
    return 0
