"""One terminal for several parts: each line behind its part's name, in its colour where colours show."""

import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import TextIO

COLOURS = (36, 33, 32, 35, 34, 96, 93)


class Terminal:
    def __init__(self, names: Iterable[str], stream: TextIO = sys.stdout) -> None:
        self.names = list(names)
        self.width = max(map(len, self.names), default=0)
        self.stream = stream
        self.is_coloured = stream.isatty() and not os.environ.get("NO_COLOR")

    def tell(self, name: str, line: str) -> None:
        self.show(f"{self.prefix(name)}{line}")

    def show(self, text: str) -> None:
        """A terminal that is gone must not stop what runs."""
        with suppress(OSError):
            self.stream.write(f"{text}\n")
            self.stream.flush()

    def prefix(self, name: str) -> str:
        label = f"{name:<{self.width}} | "
        if not self.is_coloured or name not in self.names:
            return label
        return f"\x1b[{COLOURS[self.names.index(name) % len(COLOURS)]}m{label}\x1b[0m"
