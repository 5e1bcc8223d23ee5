"""Where each chain ends, to keep elsewhere: what was changed by someone who holds both database and key shows there."""

from collections import defaultdict
from collections.abc import Iterable
from uuid import UUID

from audit.models import Writer

Heads = dict[UUID, dict[int, bytes]]


def heads() -> list[str]:
    """`WRITER SEQUENCE CODE`, one a line."""
    writers = Writer.objects.filter(is_synthetic=False, sequence__gt=0).order_by("pk")
    return [f"{writer.uuid} {writer.sequence} {bytes(writer.head).hex()}" for writer in writers]


def parsed(lines: Iterable[str]) -> Heads:
    """Raises ValueError that names the line."""
    found: Heads = defaultdict(dict)
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            writer, sequence, code = line.split()
            found[UUID(writer)][int(sequence)] = bytes.fromhex(code)
        except ValueError as exc:
            raise ValueError(f"line {number} is no head: it has to be WRITER SEQUENCE CODE") from exc
    return dict(found)
