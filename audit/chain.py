"""One chain per writer: each record's code is an HMAC over its content, its sequence and the code before it.

Who can write to the database but does not hold `AUDIT_CHAIN_KEY` cannot make a code that fits. The codes are made by
the shipper, so that serving processes pay nothing; until then a journal's checksums guard against damage alone.
"""

import hmac
from functools import lru_cache
from uuid import UUID

from django.conf import settings

from audit.contents import pack

CODE_BYTES = 16


def start(writer: UUID) -> bytes:
    """What the first record of a writer follows."""
    return _code(b"start", writer.bytes)


def link(before: bytes, sequence: int, content: bytes) -> bytes:
    return _code(b"link", before + sequence.to_bytes(8) + content)


def apart(content: bytes) -> bytes:
    """For what no writer's sequence holds: an outcome that had to be assumed."""
    return _code(b"apart", content)


def seal(writer: UUID, sequence: int, head: bytes, voided: list[list[int]], follows: int | None) -> bytes:
    """Over what a writer's row says of its chain: nobody else can set it back to an earlier record."""
    return _code(b"seal", pack([writer.bytes, sequence, head, voided, follows]))


def of_removal(writer: UUID, first: int, last: int, head: bytes) -> bytes:
    """Over what a tombstone says."""
    return _code(b"removal", pack([writer.bytes, first, last, head]))


def _code(purpose: bytes, content: bytes) -> bytes:
    made = _keyed(settings.AUDIT_CHAIN_KEY).copy()
    made.update(purpose + b"\0" + content)
    return made.digest()[:CODE_BYTES]


@lru_cache(maxsize=4)
def _keyed(key: str) -> hmac.HMAC:
    """Ready for a content: to prepare the key takes as long as a record's code itself."""
    return hmac.new(key.encode(), digestmod="sha256")
