"""What an operator edits, publishes and looks up. Registered by importing."""

from routing.admin import drafts, phrases, prices, versions

__all__ = ["drafts", "phrases", "prices", "versions"]
