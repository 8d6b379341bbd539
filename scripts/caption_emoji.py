"""Write the list of captions of the pictures in npm's emoji-datasource-google.

    npm pack emoji-datasource-google@16.0.0
    tar xzf emoji-datasource-google-16.0.0.tgz
    python scripts/caption_emoji.py package

The argument is the unpacked package. The script writes captions.csv into the folder of
the pictures of 64×64 pixels, package/img/google/64, which data.name=captioned_images
reads. The caption of a picture is its name in lower case. The package has other
pictures, such as other colours of skin, that have no name; they are not in the list.
"""

import csv
import json
from pathlib import Path

from ganjax import command_line
from ganjax.errors import BadInput, one_line

PICTURES = "img/google/64"


def main(arguments: list[str]) -> int:
    flags = command_line.parser(__doc__)
    flags.add_argument("package", metavar="PACKAGE", help="the unpacked package")
    package = Path(flags.parse_args(arguments).package)
    pairs = named(package / "emoji.json")
    out = package / PICTURES / "captions.csv"
    with out.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("file", "caption"), *pairs])
    print(f"wrote {out}, {len(pairs)} captions")
    return 0


def named(path: Path) -> list[tuple[str, str]]:
    """Return file and name of each emoji that has a picture by Google.

    Raises:
      BadInput: the file is not the package's list of emoji.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return [
            (emoji["image"], emoji["name"].lower())
            for emoji in found
            if emoji["has_img_google"]
        ]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadInput(
            f"PACKAGE='{path.parent}': expected the list of emoji in '{path}' "
            f"({one_line(error)})"
        ) from error


if __name__ == "__main__":
    command_line.run(main)
