"""How a policy routes labelled requests."""

from routing.evaluation.judging import Judged, judged, judged_lines, price_of
from routing.evaluation.measures import (
    as_shares,
    bands,
    confusion,
    cost_quality,
    costs,
    figures,
    grouped,
    latency,
    report,
)
from routing.evaluation.rows import UnreadableRowError, labelled_request, rows_in

__all__ = [
    "Judged",
    "UnreadableRowError",
    "as_shares",
    "bands",
    "confusion",
    "cost_quality",
    "costs",
    "figures",
    "grouped",
    "judged",
    "judged_lines",
    "labelled_request",
    "latency",
    "price_of",
    "report",
    "rows_in",
]
