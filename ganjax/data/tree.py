"""The files of one folder, .zip or .tar, by name.

Names are relative and have slashes: a backslash, as Windows writes it in a .zip, counts
as a slash. Hidden files and folders (``.name``, ``__MACOSX``) are left out.
"""

import gzip
import os
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ganjax.data.bombs import TooLarge, check_member, check_whole
from ganjax.data.location import bad_file
from ganjax.data.watchdog import Reading
from ganjax.errors import BadInput

SUFFIXES = set(
    ".png .jpg .jpeg .jpe .jfif .webp .bmp .tif .tiff .ppm .pgm .pbm .pnm .tga".split()
)
# Image files that raise an error, because skipping them would go unnoticed.
OTHERS = {".gif", ".avif", ".heic", ".heif", ".jp2", ".jxl"}
TARS = (".tar", ".tar.gz", ".tgz")
ARCHIVES = (".zip", *TARS)


class _Listing(NamedTuple):
    """Where each file is, and how to read it and to find its size in bytes."""

    files: dict[str, Any]
    folders: set[str]
    read: Callable[[Any], bytes]
    size: Callable[[Any], int]


class Tree:
    """The files of a folder, a .zip, a .tar or a .tar.gz. Threads may share it.

    Attributes:
        path: the folder or archive.
        names: sorted names of the image files.
        other: sorted names of the other files.
        folders: sorted names of the folders.

    Raises:
        BadInput: the path is unreadable or has no images, or an image has a format that
            is not supported or a name that is not UTF-8.
    """

    def __init__(self, path: Path):
        self.path = path
        if path.exists() and not path.is_dir() and not path.is_file():
            problem = "is a named pipe or a device, expected a folder or an archive"
            raise bad_file(path.parent, path.name, problem)  # its read may never end
        kind = _tar if path.name.lower().endswith(TARS) else _zip
        self._listing = (_folder if path.is_dir() else kind)(path)
        self.names: list[str] = []
        self.other: list[str] = []
        for name in sorted(self._listing.files):
            if _hidden(name):
                continue
            suffix = os.path.splitext(name)[1].lower()
            (self.names if suffix in SUFFIXES else self.other).append(name)
            if suffix in OTHERS:
                problem = "has an image format that is not supported"
                raise bad_file(path, printable(name), problem)
            if suffix in SUFFIXES and printable(name) != name:
                problem = "has a name that is not UTF-8, expected another name"
                raise bad_file(path, printable(name), problem)
        folders = set(self._listing.folders)
        for name in self._listing.files:  # an archive may list no folders
            while (name := name.rpartition("/")[0]) not in folders and name:
                folders.add(name)
        self.folders = sorted(name for name in folders if not _hidden(name))
        if not self.names:
            raise BadInput(
                f"data.dir='{path}': has no images, expected files that "
                f"end in {', '.join(sorted(SUFFIXES))}"
            )

    def read(self, name: str) -> bytes:
        """Return the bytes of a file. Raise BadInput if it is unreadable or damaged."""
        try:
            with Reading(self.path / name):
                return self._listing.read(self._listing.files[name])
        except Exception as error:  # zipfile raises OSError, BadZipFile, zlib.error, …
            problem = f"cannot be read ({error})"
            raise bad_file(self.path, printable(name), problem) from error

    def size(self, name: str) -> int:
        """Return the size of a file in bytes. Raise BadInput if it is unreadable."""
        try:
            return self._listing.size(self._listing.files[name])
        except OSError as error:
            problem = f"cannot be read ({error.strerror})"
            raise bad_file(self.path, printable(name), problem) from error


def archive_stem(path: Path) -> str:
    """Return the name of a file or folder, without ``.zip``, ``.tar``, ``.tar.gz`` or
    ``.tgz``."""
    ends = [end for end in ARCHIVES if path.name.lower().endswith(end)]
    cut = 0 if path.is_dir() else max(map(len, ends), default=0)
    return path.name[: len(path.name) - cut]


def printable(name: str) -> str:
    """Return a name with escapes for the bytes that are not UTF-8."""
    if name.isascii():
        return name
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _hidden(name: str) -> bool:
    return "/." in f"/{name}" or "/__MACOSX" in f"/{name}"


def _clean(name: str) -> str:
    """Return a name of an archive with slashes, without ``./`` and a leading slash."""
    name = name.replace("\\", "/")
    parts = name.split("/")
    return "/".join(part for part in parts if part not in ("", "."))


def _folder(path: Path) -> _Listing:
    files: dict[str, str] = {}
    folders: set[str] = set()

    def walk(folder: str, name: str, above: frozenset[str]) -> None:
        real = os.path.realpath(folder)
        if real in above or _hidden(name):
            return  # a link to a folder that contains it, or a hidden folder
        try:
            with Reading(folder):
                entries = list(os.scandir(folder))
        except OSError as error:
            problem = f"cannot be read ({error.strerror})"
            raise bad_file(path, printable(name), problem) from error
        folders.update([name] if name else [])
        for entry in entries:
            inside = _clean(f"{name}/{entry.name}")
            if entry.is_dir():
                walk(entry.path, inside, above | {real})
            elif entry.is_file() or entry.is_symlink():  # a broken link fails loudly
                files[inside] = entry.path

    walk(str(path), "", frozenset())
    return _Listing(files, folders, lambda p: Path(p).read_bytes(), os.path.getsize)


def _zip(path: Path) -> _Listing:
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile) as error:
        problem = f"not a readable .zip ({error})"
        raise bad_file(path.parent, path.name, problem) from error
    files, folders = {}, set()
    for member in archive.infolist():
        if member.filename.endswith(("/", "\\")):
            folders.add(_clean(member.filename))
        else:
            files[_clean(member.filename)] = member
    length = path.stat().st_size

    def read(member: zipfile.ZipInfo) -> bytes:
        check_member(member.file_size, min(member.compress_size, length))
        # The size of other methods is not limited before they unpack.
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise TooLarge("it is packed by another method than deflate")
        return archive.read(member)

    return _Listing(files, folders - {""}, read, lambda member: member.file_size)


def _unpacked(file: Any) -> Any:
    """Return the content of a .gz as a temporary file."""
    length, written = os.fstat(file.fileno()).st_size, 0
    target = tempfile.TemporaryFile()
    with Reading(file.name) as reading, gzip.open(file) as source:
        while chunk := source.read(2**20):
            reading.now(file.name)
            written += len(chunk)
            check_whole(written, length)
            target.write(chunk)
    target.seek(0)
    return target


def _tar(path: Path) -> _Listing:
    try:
        file: Any = open(path, "rb")
        if not path.name.lower().endswith(".tar"):
            # Only an uncompressed archive can be read in any order, by any thread.
            file = _unpacked(file)
        archive = tarfile.open(fileobj=file, mode="r:")
        members = {_clean(member.name): member for member in archive.getmembers()}
        for name, member in members.items():
            passed = set()
            while member.islnk():  # a hard link: the bytes are at its first name
                if member.linkname in passed:
                    raise tarfile.ReadError(f"{printable(name)} is a link to itself")
                passed.add(member.linkname)
                member = members[name] = archive.getmember(member.linkname)
    except (
        OSError, EOFError, KeyError, ValueError, zlib.error, tarfile.TarError,
    ) as error:  # fmt: skip
        problem = f"not a readable .tar ({error})"
        raise bad_file(path.parent, path.name, problem) from error
    files, folders = {}, set()
    for name, member in members.items():
        if member.issym() and not _hidden(name):
            problem = "is a link, expected files; tar --dereference packs them"
            raise bad_file(path, printable(name), problem)
        if member.issparse() and not _hidden(name):
            problem = "is a sparse file, expected plain files"
            raise bad_file(path, printable(name), problem)
        if member.isdir():
            folders.add(name)
        elif member.isreg():
            files[name] = (member.size, member.offset_data)

    def read(place: tuple[int, int]) -> bytes:
        return os.pread(file.fileno(), *place)

    return _Listing(files, folders - {""}, read, lambda place: place[0])
