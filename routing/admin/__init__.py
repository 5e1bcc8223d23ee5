"""What an operator edits, publishes and looks up. Registered by importing."""

from routing.admin import drafts, local, log, phrases, prices, versions

__all__ = ["drafts", "local", "log", "phrases", "prices", "versions"]
