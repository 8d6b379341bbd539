"""Find the components that a config names, such as losses and networks.

A name is an entry of a table, or an import path ``MODULE:ATTRIBUTE`` for the user's
code, in an installed package or in a file next to the config.
"""

import contextlib
import contextvars
import dataclasses
import hashlib
import importlib
import importlib.abc
import importlib.machinery
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ganjax.errors import BadInput, nearest, unknown
from ganjax.options import options_of, own

_PATH = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*")
_trusted = contextvars.ContextVar("trusted", default="")
_imported: set[str] = set()
_folders: list[str] = []


class _Beside(importlib.abc.MetaPathFinder):
    """Finds modules in the folders of ``beside``. It is asked after all other finders,
    so a file there hides no module and no folder that is found without it. On
    ``sys.path`` such a file would hide a folder that is a package without a file
    ``__init__``, as ``configs`` is."""

    def find_spec(self, name, path, target=None):
        """Return the spec of a top module."""
        if path is not None:
            return None
        return importlib.machinery.PathFinder.find_spec(name, _folders, target)


_beside = _Beside()


@dataclasses.dataclass(frozen=True, eq=False)
class Table(Mapping[str, Any]):
    """Components of one kind, by name.

    Attributes:
      kind: what a component is, for messages.
      entries: name -> component.
      of: the class of a component. An import path may also lead to a function that
        returns a component. ``None`` if components are functions.
      takes: the number of positional arguments that a function from an import path must
        take in addition to its options, which are keyword arguments. ``None`` if the
        arguments are not checked.
      accepts: a function that returns whether an object from an import path can be
        used.
      made: a function that converts such an object to a component.
    """

    kind: str
    entries: Mapping[str, Any]
    of: type | None = None
    takes: int | None = None
    accepts: Callable[[Any], bool] = callable
    made: Callable[[Any], Any] = lambda found: found

    def __getitem__(self, name: str) -> Any:
        return self.entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def find(self, field: str, name: str) -> Any:
        """Return the component ``name``, which is the value of the config's ``field``.

        Raises:
          BadInput: for an unknown name, or an import path that does not lead to a
            component of this kind.
        """
        if name in self.entries:
            return self.entries[name]
        if not is_path(name):
            raise unknown(field, name, self.entries)
        found = imported(field, name)
        if not (self.of and isinstance(found, self.of)):
            if not self.accepts(found) or not self._callable(found):
                raise self._wrong(field, name, found)
        return self.made(found)

    def make(self, field: str, section: Mapping[str, Any]) -> Any:
        """Return the component that ``field`` names in a section of a config. If an
        import path leads to a function that returns the component, the function gets
        the section's options by keyword. Raises the errors of ``find``."""
        name = section[field.rpartition(".")[2]]
        found = self.find(field, name)
        if not isinstance(found, self.of):
            found = found(**own(found, section))
        if not isinstance(found, self.of):
            raise self._wrong(field, name, found)
        return found

    def _callable(self, found):
        """Whether the signature fits: a mismatch inside a call would be a traceback."""
        takes = 0 if self.of and self.takes is None else self.takes
        if takes is None or not callable(found):
            return takes is None
        try:
            signature = inspect.signature(found)
        except ValueError:  # a builtin without a signature
            return True
        every = options_of(found)
        fixed = [name for name, option in every.items() if not option.knob]
        for keywords in (every, fixed):
            with contextlib.suppress(TypeError):
                signature.bind(*range(takes), **dict.fromkeys(keywords))
                return True
        return False

    def _wrong(self, field, name, found):
        shown = f"a {type(found).__name__}"
        with contextlib.suppress(AttributeError, TypeError, ValueError):
            shown = f"{found.__name__}{inspect.signature(found)}"
        return BadInput(f"{field}='{name}': expected {self.kind}, found {shown}")


def is_path(name: str) -> bool:
    """Return whether a name has the form of an import path."""
    return _PATH.fullmatch(name) is not None


def imported(field: str, path: str) -> Any:
    """Return the object at the import path ``MODULE:ATTRIBUTE``.

    Args:
      field: the config field that holds the path, for messages.
      path: the import path.

    Raises:
      BadInput: if the user has not agreed to run the code (see ``foreign``), the module
        or the attribute is missing, or the module raises an error during its import.
    """
    if (whose := _trusted.get()) and path not in _imported:
        raise BadInput(
            f"{field}='{path}': expected consent to run the code that {whose} names; "
            f"give it with --trust_code or trust_code=True"
        )
    module, _, attribute = path.partition(":")
    # Only now, because a file next to a config could be taken for an optional library.
    if _beside not in sys.meta_path:
        sys.meta_path.append(_beside)
    try:
        found = importlib.import_module(module)
    except (Exception, SystemExit) as error:  # the user's code may raise anything
        missing = isinstance(error, ModuleNotFoundError) and error.name or ""
        if missing and f"{module}.".startswith(f"{missing}."):
            raise BadInput(
                f"{field}='{path}': there is no module {missing}, neither installed "
                f"nor next to the config"
            ) from error
        raise BadInput(f"{field}='{path}': {said(error)}") from error
    if not hasattr(found, attribute):
        raise BadInput(
            f"{field}='{path}': there is no {attribute} in {module}"
            f"{nearest(attribute, vars(found))}"
        )
    _imported.add(path)
    return getattr(found, attribute)


def said(error: BaseException) -> str:
    """Return the text of an error of the user's code, with the number of its line."""
    ours = (__file__, importlib.__file__)
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith("<") and frame.filename not in ours
    ]
    line = f"line {lines[-1]}: " if lines else ""
    return f"{line}{type(error).__name__}: {error}"


def beside(folder: Path | str) -> None:
    """Let import paths name files in ``folder``. Installed packages come first."""
    folder = str(Path(folder).absolute())
    if folder not in _folders:
        _folders.append(folder)


def folders() -> list[str]:
    """Return the folders that ``beside`` added."""
    return list(_folders)


@contextlib.contextmanager
def foreign(whose: str, trusted: bool) -> Iterator[None]:
    """Refuse to import the user's code inside the context, unless ``trusted``.

    Messages name the origin of the code, ``whose``, such as ``workdir=PATH``. Code that
    this process has already imported can still be used."""
    token = _trusted.set("" if trusted else whose)
    try:
        yield
    finally:
        _trusted.reset(token)


def sources(paths: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return ``{'file', 'sha256'}`` of the module of each import path. The module must
    be imported. Both are '' if it has no file."""
    found = {}
    for path in sorted(paths):
        file = getattr(sys.modules[path.partition(":")[0]], "__file__", None) or ""
        found[path] = {"file": file, "sha256": _digest(file)}
    return found


def altered(recorded: Mapping[str, Mapping[str, str]]) -> list[str]:
    """Return the import paths whose source file has changed. Nothing is imported.

    Args:
      recorded: an earlier result of ``sources``, with the SHA-256 of each file. Files
        that no longer exist are ignored."""
    there = {p: s for p, s in recorded.items() if Path(s["file"]).is_file()}
    return [p for p, s in there.items() if _digest(s["file"]) != s["sha256"]]


def _digest(file):
    return hashlib.sha256(Path(file).read_bytes()).hexdigest() if file else ""


def flatten(tree: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield ``('a.b', value)``, the name and the value of every leaf of nested mappings
    or ``ConfigDict``s. An empty one is a leaf."""
    for name, value in tree.items():
        if hasattr(value, "items") and len(value):
            yield from flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
