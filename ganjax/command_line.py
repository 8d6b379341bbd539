"""What every command shares: flags, one-line errors, exit codes.

Exit codes: 0 done; 1 a failure that no change of input mends (a full disk, divergence);
2 bad input; 128 + n stopped by signal n.
"""

import argparse
import errno
import importlib.util
import os
import sys
from collections.abc import Callable
from pathlib import Path

from ml_collections import ConfigDict

from ganjax.config import resolve
from ganjax.errors import BadInput, nearest


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise BadInput(message)


def parser(description: str) -> argparse.ArgumentParser:
    """A parser whose errors are ``BadInput``."""
    return _Parser(description=description, allow_abbrev=False)


def run(main: Callable[[list[str]], int | None]) -> None:
    """Runs ``main(arguments)`` and exits with its code."""
    try:
        code = main(sys.argv[1:])
    except BadInput as error:
        print(f"error: {error}", file=sys.stderr)
        code = 2
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(f"error: {error.strerror}", file=sys.stderr)
        code = 1
    sys.stdout.flush()
    sys.exit(code or 0)


def parse_with_config(
    flags: argparse.ArgumentParser, arguments: list[str]
) -> tuple[argparse.Namespace, ConfigDict, dict[str, str]]:
    """Parses ``--config=FILE[:ARG]``, ``--config.FIELD=VALUE`` and the other flags.

    Returns:
      The namespace, the resolved config, and the overrides as they were written.

    Raises:
      BadInput: for anything wrong with them.
    """
    flags.add_argument(
        "--config", required=True, metavar="FILE[:ARG]",
        help="a config file, with the argument of its get_config after a colon; "
        "--config.FIELD=VALUE changes one field",
    )  # fmt: skip
    known, rest = flags.parse_known_args(arguments)
    overrides = {}
    rest = iter(rest)
    for flag in rest:
        if not flag.startswith("--config."):
            names = [n for action in flags._actions for n in action.option_strings]
            raise BadInput(
                f"{flag}: there is no such flag{nearest(flag.split('=')[0], names)}"
            )
        path, equals, value = flag.removeprefix("--config.").partition("=")
        if not equals:
            value = next(rest, None)
            if value is None:
                raise BadInput(f"--config.{path}: expected a value")
        overrides[path] = value
    return known, resolve(load_config(known.config), overrides), overrides


def load_config(name: str) -> ConfigDict:
    """What ``get_config`` of a file returns.

    Raises:
      BadInput: if there is no such file, or nothing in it to call.
    """
    file, _, argument = name.partition(":")
    path = Path(file)
    if not path.is_file():
        folder = path.parent if path.parent.is_dir() else Path("configs")
        there = [str(p) for p in sorted(folder.glob("*.py"))]
        raise BadInput(
            f"--config={file}: there is no such file{nearest(str(path), there)}"
        )
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None:
        raise BadInput(f"--config={file}: expected a Python file")
    module = importlib.util.module_from_spec(spec)
    # Config files may build on others of theirs: configs/ is a package of its parent.
    sys.path.insert(0, os.path.abspath(path.parent.parent))
    try:
        spec.loader.exec_module(module)
    except (SyntaxError, ImportError) as error:
        raise BadInput(f"--config={file}: {error}") from error
    finally:
        sys.path.pop(0)
    if not hasattr(module, "get_config"):
        raise BadInput(f"--config={file}: expected a function get_config in it")
    try:
        return module.get_config(argument) if argument else module.get_config()
    except (TypeError, KeyError, ValueError) as error:
        raise BadInput(f"--config={name}: get_config failed, {error!r}") from error
