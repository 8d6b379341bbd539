"""Tables: files with columns of numbers, categories and dates, and their encoding as
vectors for a game."""

from ganjax.data.tables.columns import Column
from ganjax.data.tables.encoding import Encoded, Span, TableFormat
from ganjax.data.tables.files import ENDINGS, read_file, write_file
from ganjax.data.tables.splits import TableSplit

__all__ = [
    "Column", "ENDINGS", "Encoded", "Span", "TableFormat", "TableSplit",
    "read_file", "write_file",
]  # fmt: skip
