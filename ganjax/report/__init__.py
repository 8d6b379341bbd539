"""Reports of runs and sweeps: HTML files that open offline, and text tables."""

from ganjax.report.comparison import compare
from ganjax.report.links import check_links
from ganjax.report.run import is_current, write_report
from ganjax.report.settings import compare_settings
from ganjax.report.sweep import as_text, write_sweep_report
from ganjax.report.sweep_records import is_sweep, read_sweep

__all__ = [
    "as_text",
    "check_links",
    "compare",
    "compare_settings",
    "is_current",
    "is_sweep",
    "read_sweep",
    "write_report",
    "write_sweep_report",
]
