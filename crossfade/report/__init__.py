"""The evidence report of one migration: what was planned, written, seen, decided and read back.

`build` collects it, `Report.to_json` keeps it for machines, `render` makes one HTML page of it for people.
Pure: no SDK, no clock, no I/O; the same report gives the same bytes.
"""

from crossfade.report.build import build
from crossfade.report.html import render
from crossfade.report.model import Bound, DecisionEntry, Environment, History, Minute, Report, Series, Totals

__all__ = [
    "Bound",
    "DecisionEntry",
    "Environment",
    "History",
    "Minute",
    "Report",
    "Series",
    "Totals",
    "build",
    "render",
]
