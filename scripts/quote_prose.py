"""Quote docstrings and error messages of ganjax, drawn at random with a seed.

python scripts/quote_prose.py --docstrings=20 --messages=10 --seed=26
"""

import argparse
import ast
import random
import textwrap
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "ganjax"


def main() -> None:
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--docstrings", type=int, default=20)
    flags.add_argument("--messages", type=int, default=10)
    flags.add_argument("--seed", type=int, default=26)
    options = flags.parse_args()
    docstrings, messages = [], []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        place = path.relative_to(PACKAGE.parent)
        docstrings += [(place, *found) for found in public_docstrings(tree)]
        messages += [(place, *found) for found in raised_messages(tree)]
    draw = random.Random(options.seed)
    for title, found, count in (
        ("docstrings", docstrings, options.docstrings),
        ("messages", messages, options.messages),
    ):
        print(f"## {count} of {len(found)} {title}, seed {options.seed}")
        for place, line, name, text in draw.sample(found, count):
            print(f"\n{place}:{line} {name}\n{textwrap.indent(text, '    ')}")
        print()


def public_docstrings(tree):
    """Yield ``(line, name, docstring)`` of public classes, functions and methods."""
    kinds = (ast.ClassDef, ast.FunctionDef)
    for node in ast.walk(tree):
        if isinstance(node, kinds) and not node.name.startswith("_"):
            if text := ast.get_docstring(node):
                yield node.lineno, node.name, text


def raised_messages(tree):
    """Yield ``(line, error class, message)`` of errors raised with a literal text."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call):
            continue
        for text in node.exc.args[:1]:
            if isinstance(text, ast.JoinedStr | ast.Constant):
                shown = ast.unparse(text).removeprefix("f")[1:-1]
                yield node.lineno, ast.unparse(node.exc.func), shown


if __name__ == "__main__":
    main()
