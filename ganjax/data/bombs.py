"""Limits on data that are far larger than the file that holds them.

A few megabytes of a .zip, a .gz or a PNG may unpack to all memory of a machine. The
sizes that the file states are compared with its bytes before anything is unpacked.
Small data may have any ratio. Only data beyond both limits, of size and of ratio, are
refused. Data sets of images do not come near the limits: photographs have 1 to 30
pixels a byte, and the binary images of dSprites, 3 GB, are packed 116 times.
"""

# A file in an archive: bytes, and bytes for each packed byte.
MEMBER, MEMBER_RATIO = 2**26, 100
# A whole .gz: bytes, and bytes for each packed byte. (DEFLATE has at most 1032.)
WHOLE, WHOLE_RATIO = 2**28, 500
# The rows of a Parquet file: rows, and rows for each byte. (Rows may share a value.)
ROWS, ROWS_RATIO = 2**20, 1
# An image: pixels, and pixels for each byte of its file.
PIXELS, PIXELS_RATIO = 2**24, 256


class TooLarge(ValueError):
    """Data are refused as too large. The message is the reason, in one line."""


def check_member(size: int, packed: int) -> None:
    """Raise ``TooLarge`` for a file in an archive that would unpack to far more bytes.

    Args:
        size: the bytes of the file, as the archive states them.
        packed: the bytes that it takes in the archive.
    """
    _check(size, packed, MEMBER, MEMBER_RATIO, "bytes")


def check_whole(size: int, packed: int) -> None:
    """Raise ``TooLarge`` for a .gz that unpacks to far more bytes.

    Args:
        size: the unpacked bytes, as a header states them, or so far.
        packed: the bytes of the .gz.
    """
    _check(size, packed, WHOLE, WHOLE_RATIO, "bytes")


def check_rows(rows: int, length: int) -> None:
    """Raise ``TooLarge`` for a table with far more rows than its file has bytes.

    Args:
        rows: the rows, as the file states them.
        length: the bytes of the file.
    """
    _check(rows, length, ROWS, ROWS_RATIO, "rows")


def check_pixels(width: int, height: int, length: int) -> None:
    """Raise ``TooLarge`` for an image with far more pixels than its file has bytes.

    Args:
        width, height: in pixels, as the header states them.
        length: the bytes of the file.
    """
    _check(width * height, length, PIXELS, PIXELS_RATIO, "pixels")


def _check(size, packed, least, ratio, unit):
    if size > max(least, ratio * packed):
        raise TooLarge(
            f"would unpack to {size:,} {unit} from {packed:,} bytes, expected at most "
            f"{least:,} {unit}, or {ratio} for each byte"
        )
