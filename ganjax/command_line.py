"""What every command shares: flags, one-line errors, exit codes.

Exit codes: 0 done; 1 a failure that no change of input prevents (a full disk,
divergence); 2 bad input; 128 + n stopped by signal n, and 141 if the reader of the
output has gone.
"""

import argparse
import contextlib
import importlib.util
import inspect
import logging
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import absl.logging
from ml_collections import ConfigDict

from ganjax import failures, names, runtime, shipped, signals
from ganjax.config import declared, resolve
from ganjax.errors import BadInput, nearest, unknown
from ganjax.options import Option
from ganjax.streams import lasting_streams, show


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        raise BadInput(message)

    def parse_known_args(self, args=None, namespace=None):
        # Before argparse, which would only say that the right flag is missing.
        flags = [f for action in self._actions for f in action.option_strings]
        for argument in sys.argv[1:] if args is None else args:
            flag = argument.partition("=")[0]
            field = "--config" in flags and flag.startswith("--config.")
            if flag.startswith("--") and not field and flag not in flags:
                raise BadInput(f"{flag}: there is no such flag{nearest(flag, flags)}")
        self._check_repeated(sys.argv[1:] if args is None else args)
        known, rest = super().parse_known_args(args, namespace)
        if getattr(known, "workdir", None) == "":
            raise BadInput("--workdir=: expected a folder")
        return known, rest

    def _check_repeated(self, arguments):
        once = {
            option
            for action in self._actions
            if not isinstance(action, argparse._AppendAction)
            for option in action.option_strings
        }
        given = [x.partition("=")[0] for x in arguments]
        for flag in once & set(given):
            if given.count(flag) > 1:
                said = ", ".join(x for x in arguments if x.partition("=")[0] == flag)
                raise BadInput(f"{said}: expected {flag} once")


def parser(description: str, prog: str | None = None) -> argparse.ArgumentParser:
    """Return an ``argparse`` parser that raises ``BadInput`` for wrong arguments.

    Args:
      description: the text of ``--help``.
      prog: the name of the command, if it is not the name of the script.
    """
    return _Parser(
        prog=prog,
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


@contextlib.contextmanager
def plain_warnings() -> Iterator[None]:
    """Print each warning inside the context once, as one line on stderr, without the
    file and the line of code that caused it."""
    printed = set()

    def once(message, *place):
        line = f"warning: {' '.join(str(message).split())}"
        if line not in printed:
            printed.add(line)
            show(line)

    with warnings.catch_warnings():
        warnings.showwarning = once
        yield


def run(
    main: Callable[[list[str]], int | None], arguments: list[str] | None = None
) -> None:
    """Run ``main(arguments)``, then exit the process with the code that it returns.

    If ``main`` raises ``BadInput``, print it as one line and exit with code 2. The same
    happens if a file may not be written or read. If a disk is full or fails, print this
    as one line and exit with code 1. After signal n (see ``ganjax.signals``) the code
    is 128 + n. Other errors keep their traceback.

    A line that cannot be printed does not end ``main``. If the reader of the output has
    gone, the code is 141 at the end, and 1 if the disk of the output is full, unless
    ``main`` returns another one.

    Args:
      main: the command. It returns an exit code; ``None`` counts as 0.
      arguments: by default ``sys.argv[1:]``.
    """
    # Orbax and tensorboardX log, with tracebacks, what reaches us as errors anyway.
    absl.logging.set_verbosity(absl.logging.FATAL)
    logging.getLogger("tensorboardX").setLevel(logging.CRITICAL)
    logging.raiseExceptions = False
    failures.quiet_threads()
    runtime.prepare()
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(line_buffering=True)  # a log shows a line when it is due
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        with signals.answered(), lasting_streams() as output, plain_warnings():
            code = main(_in_utf8(arguments))
        if output and output.problem and not code:
            raise output.problem
        sys.stdout.flush()
    except BadInput as error:
        fail(error)
        code = 2
    except signals.Stopped as stop:
        if stop.said:
            show(stop.said)
        code = stop.code
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except Exception as error:
        found = failures.explained(error, arguments)
        if found is None:
            raise
        problem, code = found
        fail(problem)
    failures.close_output()
    sys.exit(code or 0)


def _in_utf8(arguments):
    """Return the arguments. A run records them, and its files are UTF-8."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            said = os.fsencode(argument).decode(errors="backslashreplace")
            raise BadInput(f"{said}: expected UTF-8, found other bytes") from None
    return arguments


def fail(problem: object) -> None:
    """Print ``error:`` and a problem as one line on stderr.

    Args:
      problem: an error or a text: why the command ends.
    """
    show(f"error: {' '.join(str(problem).split())}")


def parse_with_config(
    flags: argparse.ArgumentParser, arguments: list[str]
) -> tuple[argparse.Namespace, ConfigDict, dict[str, str]]:
    """Parse ``--config=FILE[:ARG]``, ``--config.FIELD=VALUE`` and the other flags.

    Args:
      flags: the parser, with the other flags of the command.
      arguments: the arguments of the command.

    Returns:
      The flags, the config with all its fields, and the overrides: field -> text of
      each ``--config.FIELD=VALUE``.

    Raises:
      BadInput: if a flag is unknown, there is no such config, its code fails, or a
        field or value is wrong.
    """
    known, overrides = _with_overrides(flags, arguments)
    return known, resolve(load_config(known.config), overrides), overrides


def parse_with_sweep(
    flags: argparse.ArgumentParser, arguments: list[str]
) -> tuple[argparse.Namespace, ConfigDict, list, dict[str, str]]:
    """Parse the same flags as ``parse_with_config``, for a config file that also has a
    function ``sweep``. It returns the variants of the config to train.

    Returns:
      The flags, the result of the file's ``get_config``, the result of its ``sweep``,
      and the overrides: field -> text of each ``--config.FIELD=VALUE``.

    Raises:
      BadInput: if a flag is unknown, there is no such file, or its code fails. Fields
        and values are not checked here.
    """
    known, overrides = _with_overrides(flags, arguments)
    space = _from_file(known.config, "sweep")
    return known, load_config(known.config), space, overrides


def described(options: Mapping[str, Option], values: Mapping[str, Any]) -> str:
    """Return the help of config fields, one line for each: a ``*`` if it is a knob (a
    number that is data of the compiled step, so a change compiles nothing), its path,
    its value, the values that it accepts, and its meaning.

    Args:
      options: path -> declaration of the field.
      values: path -> value.
    """
    lines = []
    for path, option in options.items():
        value, names = values[path], option.choices
        shown = ",".join(map(str, value)) if isinstance(value, tuple) else value
        takes = option.expected if names is None else ", ".join(map(repr, names))
        mark = "*" if option.knob else " "
        lines.append(f"{mark} {path} = {shown}  [{takes}]  {option.help}")
    return "\n".join(lines)


def _with_overrides(flags, arguments):
    flags.add_argument(
        "--config", required=True, metavar="FILE[:ARG]",
        help="a config file or the name of a shipped config; the argument of its "
        "get_config follows a colon; --config.FIELD=VALUE changes one field",
    )  # fmt: skip
    if {"-h", "--help"} & set(arguments):
        fields = declared({})
        defaults = {path: option.default for path, option in fields.items()}
        flags.epilog = (
            "fields of the default config, --config.FIELD=VALUE (a * marks a knob; "
            "ganjax describe --config=FILE --fields shows the fields of a file):\n\n"
        ) + described(fields, defaults).replace("%", "%%")
    known, rest = flags.parse_known_args(arguments)
    overrides = {}
    rest = iter(rest)
    for flag in rest:
        if not flag.startswith("--config."):
            raise BadInput(f"{flag}: expected a flag, --NAME=VALUE")
        path, equals, value = flag.removeprefix("--config.").partition("=")
        if not path:
            raise BadInput(
                f"{flag}: expected the name of a field, --config.FIELD=VALUE"
            )
        if not equals:
            value = next(rest, "--")
            if value.startswith("--"):
                raise BadInput(f"--config.{path}: expected a value")
        if path in overrides:
            raise BadInput(
                f"--config.{path}={value}: expected this field once, found "
                f"--config.{path}={overrides[path]} before it"
            )
        overrides[path] = value
    return known, overrides


def load_config(name: str) -> ConfigDict:
    """Return the result of ``get_config`` in a config file.

    Args:
      name: ``FILE`` or ``FILE:ARG``, with the path of a file or the name of a shipped
        config. ``ARG`` is the argument of ``get_config``.

    Raises:
      BadInput: if there is no such file, it has no ``get_config``, or its code fails.
    """
    return _from_file(name, "get_config")


def _from_file(name, function):
    file, colon, argument = name.partition(":")
    path = _config_file(file)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None:
        raise BadInput(f"--config={file}: expected a Python file, NAME.py")
    module = importlib.util.module_from_spec(spec)
    # Import paths may name files next to the config, and for a shipped config files in
    # the current folder.
    names.beside(path.parent)
    if path != Path(file):
        names.beside(Path.cwd())
    # Config files may build on others of theirs: configs/ is a package of its parent.
    top = next((p for p in path.absolute().parents if p.name == "configs"), path.parent)
    sys.path.insert(0, os.path.abspath(top.parent))
    try:
        spec.loader.exec_module(module)
        if not hasattr(module, function):
            raise BadInput(f"--config={file}: expected a function {function} in it")
        call = getattr(module, function)
        if not argument:
            if colon:
                raise BadInput(
                    f"--config={name}: expected an argument after the colon, as in "
                    f"--config=NAME:ARGUMENT"
                )
            return _checked(name, function, call())
        if not inspect.signature(call).parameters:
            raise BadInput(
                f"--config={name}: expected no argument after the colon, as {function} "
                f"takes none"
            )
        known = getattr(module, "ARGUMENTS", (argument,))
        if argument not in known:
            raise unknown(f"--config={file}: the argument", argument, known)
        return _checked(name, function, call(argument))
    except BadInput:
        raise
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        what = f"{_where(error, path)}{type(error).__name__}: {error}"
        raise BadInput(f"--config={name}: {what}") from error
    finally:
        sys.path.pop(0)


def _checked(name, function, result):
    """The result of ``get_config``; ``sweep`` is checked where its points are read."""
    if function == "get_config" and not isinstance(result, Mapping | ConfigDict):
        kind = type(result).__name__
        raise BadInput(
            f"--config={name}: expected get_config to return a ConfigDict or a dict, "
            f"found {kind}"
        )
    return result


def _config_file(name):
    """The file that ``--config`` names, by its path or as a shipped config."""
    known = shipped.configs()
    if name in known:
        return known[name]
    path = Path(name)
    if path.is_file():
        return path
    if path.is_dir():
        raise BadInput(f"--config={name}: expected a file, found a folder")
    there = sorted({*path.parent.glob("*.py"), *Path("configs").glob("*.py")})
    by_path = nearest(str(path), map(str, there))
    by_name = nearest(name.removeprefix("configs/").removesuffix(".py"), known)
    if path.suffix == ".py":
        found = f"expected a file, found none{by_path or by_name}"
    else:
        found = f"expected a file or a shipped config, found none{by_name or by_path}"
    raise BadInput(f"--config={name}: {found}")


def _where(error, path):
    """The line of the config file that led to ``error``; a SyntaxError has its own."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if f.filename == os.path.abspath(path)]
    return f"line {lines[-1]}: " if lines else ""
