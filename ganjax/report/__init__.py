"""Reports on what was run: single HTML files that open anywhere, offline."""

from ganjax.report.run import write_report

__all__ = ["write_report"]
