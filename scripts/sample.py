"""Draws samples from a run.

    python scripts/sample.py --workdir=runs/quickstart --n=100 --out=digits.png

--out ends in .png for a picture (a grid of images, a scatter of points) or in .npy for
the array, float32 in [-1, 1] for images.
"""

from pathlib import Path

from ganjax import command_line
from ganjax.errors import BadInput


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("--workdir", required=True, help="the folder of the run")
    flags.add_argument("--n", type=int, default=64, help="how many samples")
    flags.add_argument("--seed", type=int, default=0, help="of the latents")
    flags.add_argument("--out", default="samples.png", help="a .png or .npy file")
    flags = flags.parse_args(arguments)
    out = Path(flags.out)
    if out.suffix not in (".png", ".npy"):
        raise BadInput(f"--out={out}: expected a name that ends in .png or .npy")
    if flags.n < 1:
        raise BadInput(f"--n={flags.n}: expected at least 1")

    import numpy as np

    import ganjax

    run = ganjax.load(flags.workdir)
    out.parent.mkdir(parents=True, exist_ok=True)
    if out.suffix == ".png":
        run.picture(flags.seed, flags.n).save(out)
    else:
        np.save(out, run.sample(flags.seed, flags.n))
    print(f"{flags.n} samples of step {int(run.state.step)}: {out}")
    return 0


if __name__ == "__main__":
    command_line.run(main)
