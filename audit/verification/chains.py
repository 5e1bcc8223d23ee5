"""The chains of all writers."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter

from audit.models import Removal, Writer
from audit.verification.findings import Trouble
from audit.verification.heads import Heads
from audit.verification.links import Link, links
from audit.verification.period import Period
from audit.verification.walk import Walk


def chain_troubles(period: Period, kept: Heads) -> Iterator[Trouble]:
    """The writers are read before the rows: these only grow, and what comes later is left for the next time."""
    writers = {writer.pk: writer for writer in Writer.objects.all()}
    bounds = period.sequences()
    walks = _walks(writers, bounds, kept)
    yield from _missing_writers(writers, kept)
    for writer_id, found in groupby(links(bounds), key=itemgetter(0)):
        if writer_id in walks:
            yield from _along(walks.pop(writer_id), found)
        elif writer_id not in writers and not Writer.objects.filter(pk=writer_id).exists():
            yield Trouble("missing_writer", f"writer {writer_id}", f"{sum(1 for _ in found)} records, no writer")
    for walk in walks.values():
        yield from _along(walk, iter(()))


def _walks(writers: dict[int, Writer], bounds: dict[int, tuple[int, int]] | None, kept: Heads) -> dict[int, Walk]:
    removals: dict[int, list[Removal]] = defaultdict(list)
    for removal in Removal.objects.order_by("first"):
        removals[removal.writer_id].append(removal)
    return {
        writer.pk: Walk(writer, removals[writer.pk], bounds[writer.pk] if bounds else None, kept.pop(writer.uuid, {}))
        for writer in writers.values()
        if not writer.is_synthetic and (bounds is None or writer.pk in bounds)
    }


def _along(walk: Walk, found: Iterator[Link]) -> Iterator[Trouble]:
    yield from walk.seals()
    newest = walk.last
    for link in found:
        if link.sequence <= walk.last:
            yield from walk.step(link)
        newest = link.sequence
    yield from walk.end(newest)


def _missing_writers(writers: dict[int, Writer], kept: Heads) -> Iterator[Trouble]:
    """Each writer names the one before it; kept heads name theirs. `kept` holds those of no writer by now."""
    for writer in writers.values():
        if writer.follows is not None and writer.follows not in writers:
            yield Trouble("missing_writer", f"writer {writer.follows}", f"writer {writer.pk} followed it")
    for uuid in kept:
        yield Trouble("missing_writer", f"writer {uuid}", "a kept head names it")
