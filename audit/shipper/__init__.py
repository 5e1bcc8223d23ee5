"""Moves records from the journals of this host to the database; its own process, one per host."""

from audit.shipper.process import main
from audit.shipper.shipping import Shipper

__all__ = ["Shipper", "main"]
