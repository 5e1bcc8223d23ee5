"""One writer's chain, record by record."""

from collections.abc import Iterator

from audit import chain
from audit.models import Removal, Writer
from audit.verification.findings import Trouble
from audit.verification.links import Link

Span = tuple[int, int]


class Walk:
    """`head` is the code that the next record has to follow; None where it cannot be known."""

    def __init__(self, writer: Writer, removals: list[Removal], bounds: Span | None, kept: dict[int, bytes]) -> None:
        self._writer = writer
        self._where = f"writer {writer.pk} ({writer})"
        self._removals = {removal.first: removal for removal in removals}
        self._gone = sorted([(span[0], span[1]) for span in writer.voided] + [(r.first, r.last) for r in removals])
        first, self.last = bounds or (1, writer.sequence)
        self.at = first - 1
        self._head: bytes | None = chain.start(writer.uuid) if first == 1 else None
        self._is_to_the_end = bounds is None
        self._kept = kept

    def seals(self) -> Iterator[Trouble]:
        """What the writer's row and its tombstones say of themselves."""
        writer = self._writer
        sealed = chain.seal(writer.uuid, writer.sequence, bytes(writer.head), writer.voided, writer.follows)
        if sealed != bytes(writer.seal):
            yield Trouble("change", self._where, "the writer's own row does not fit its code")
        for removal in self._removals.values():
            made = chain.of_removal(writer.uuid, removal.first, removal.last, bytes(removal.head))
            if made != bytes(removal.mac):
                yield Trouble("change", self._where, f"the removal of {removal} does not fit its code")

    def step(self, link: Link) -> Iterator[Trouble]:
        if link.sequence == self.at:
            yield Trouble("double", self._where, f"sequence {link.sequence} is there more than once")
            return
        yield from self._skip_to(link.sequence, "gap")
        if not link.mac:
            yield Trouble("unchained", self._where, f"sequence {link.sequence}, {link.what}: it has no code")
        elif self._head is not None and chain.link(self._head, link.sequence, link.content) != link.mac:
            yield Trouble(
                "change", self._where, f"sequence {link.sequence}, {link.what}: its values do not fit its code"
            )
        self._pass(link.sequence, link.mac or None)
        yield from self._compare(link.sequence, link.mac)

    def end(self, newest: int) -> Iterator[Trouble]:
        """`newest` is the last sequence in the tables, which may have grown since the writer was read."""
        yield from self._skip_to(self.last + 1, "cut_tail")
        if newest > self.last and newest > Writer.objects.get(pk=self._writer.pk).sequence:
            yield Trouble("beyond", self._where, f"{_named(self.last + 1, newest)}: the writer never came so far")
        if not self._is_to_the_end:
            return
        if self._head is not None and self._head != bytes(self._writer.head):
            yield Trouble("change", self._where, "the chain does not end where the writer's row says")
        for sequence in self._kept:
            yield Trouble("other_head", self._where, f"sequence {sequence} of the kept head is not there")

    def _pass(self, sequence: int, head: bytes | None) -> None:
        self.at, self._head = sequence, head

    def _skip_to(self, sequence: int, kind: str) -> Iterator[Trouble]:
        """Nothing may lack before `sequence` but what the writer gave up and what retention took away."""
        for first, last in [*self._gone, (sequence, sequence)]:
            if last <= self.at or first > sequence:
                continue
            if first > self.at + 1:
                yield Trouble(kind, self._where, _named(self.at + 1, first - 1))
                self._pass(first - 1, None)
            if first == sequence:
                break
            removal = self._removals.get(first)
            self._pass(last, bytes(removal.head) if removal else self._head)
            if removal:
                yield from self._compare(last, bytes(removal.head))

    def _compare(self, sequence: int, mac: bytes) -> Iterator[Trouble]:
        """With a head that was kept elsewhere. Those before a removal's last one can no longer be compared."""
        for passed in [each for each in self._kept if each <= sequence]:
            kept = self._kept.pop(passed)
            if passed == sequence and kept != mac:
                yield Trouble("other_head", self._where, f"sequence {sequence} is not what the kept head was made of")


def _named(first: int, last: int) -> str:
    return f"sequence {first}" if first == last else f"sequences {first} to {last}"
