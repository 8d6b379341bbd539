"""Reports on what was run: HTML in single files that open offline, and tables."""

from ganjax.report.comparison import compare
from ganjax.report.run import write_report

__all__ = ["compare", "write_report"]
