"""Price rows to one frozen price book, kept in memory and refreshed beside the requests."""

import logging

from django.core.exceptions import SynchronousOnlyOperation
from django.db import DatabaseError
from django.db.models import Count, Max

from routing.models.prices import ModelPrice
from routing.prices.book import DatedPrice, PriceBook, book_of
from routing.prices.defaults import load_defaults

__all__ = [
    "DatedPrice",
    "PriceBook",
    "PricesMissingError",
    "book_of",
    "current",
    "load_defaults",
    "refresh",
    "trouble",
]

logger = logging.getLogger(__name__)

_book: PriceBook | None = None
_fingerprint: object = None
_trouble = ""


class PricesMissingError(Exception):
    """Nothing could be read yet: what a request costs would stay unknown for ever."""


def current() -> PriceBook:
    """The price book in memory. The first call reads the rows, and so belongs outside the event loop."""
    if _book is not None:
        return _book
    try:
        return _load()
    except SynchronousOnlyOperation as exc:
        raise PricesMissingError("no prices were read before the first request") from exc


def trouble() -> str:
    """Why the book in memory may be behind the rows; empty when it is not."""
    return _trouble


def refresh() -> bool:
    """Reads the rows again if they changed. True when a new book was loaded; keeps the old one if it cannot."""
    global _trouble
    try:
        is_new = _book is None or _fingerprint_of_rows() != _fingerprint
        if is_new:
            _load()
    except DatabaseError as exc:
        if not _trouble:
            logger.warning("The prices could not be read, those in memory stay in force: %s", exc)
        _trouble = "the prices could not be read"
        return False
    _trouble = ""
    return is_new


def _load() -> PriceBook:
    global _book, _fingerprint
    _fingerprint = _fingerprint_of_rows()
    _book = book_of(ModelPrice.objects.order_by("-valid_from"))
    return _book


def _fingerprint_of_rows() -> object:
    return ModelPrice.objects.aggregate(Count("id"), Max("id"), Max("updated_at"))
