"""How a record lies in a journal: magic, length, CRC-32, payload. The magic lets a reader find its way after damage.

Records that share a sync are a group. Its first frame has a magic of its own: whatever lies before such a frame was on
disk before it was written.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from zlib import crc32

PREFIX = b"\xa7SG"
FIRST, MORE = PREFIX + b"1", PREFIX + b"2"
HEADER = struct.Struct("<4sII")
MAX_PAYLOAD = 8 << 20


@dataclass(frozen=True, slots=True)
class Frame:
    payload: bytes
    start: int
    end: int
    is_first: bool  # of its group


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes between two whole frames that are no frame."""

    start: int
    end: int


def frame(payload: bytes) -> bytes:
    return HEADER.pack(MORE, len(payload), crc32(payload)) + payload


def group(frames: Sequence[bytes]) -> bytes:
    return b"".join((FIRST, frames[0][len(FIRST) :], *frames[1:]))


def read_frame(data: bytes, start: int) -> Frame | None:
    """The whole frame that begins at `start`, if one does."""
    if len(data) - start < HEADER.size:
        return None
    magic, length, checksum = HEADER.unpack_from(data, start)
    end = start + HEADER.size + length
    if magic not in (FIRST, MORE) or length > MAX_PAYLOAD or end > len(data):
        return None
    payload = data[start + HEADER.size : end]
    return Frame(payload, start, end, magic == FIRST) if crc32(payload) == checksum else None


def read_frames(data: bytes, limit: int) -> list[Frame | Damage]:
    """Up to `limit` frames from the start of `data`, with the damage between them; what follows the last is left."""
    found: list[Frame | Damage] = []
    position = frames = 0
    while frames < limit and (following := _next_frame(data, position)):
        if following.start > position:
            found.append(Damage(position, following.start))
        found.append(following)
        position, frames = following.end, frames + 1
    return found


def _next_frame(data: bytes, position: int) -> Frame | None:
    while position >= 0:
        if whole := read_frame(data, position):
            return whole
        position = data.find(PREFIX, position + 1)
    return None
