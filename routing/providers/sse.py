"""Server-sent events as they come off a socket: cut anywhere, with either kind of line end."""

import re

from routing.providers.base import ProviderUnavailableError

FRAME_LIMIT = 16 * 1024 * 1024
BLANK_LINE = re.compile(rb"\r?\n\r?\n")
LINE_END = re.compile(rb"\r?\n")


class Frames:
    """Gives back whole frames, byte for byte, as soon as their blank line is in."""

    __slots__ = ("rest",)

    def __init__(self) -> None:
        self.rest = bytearray()

    def feed(self, data: bytes) -> bytes:
        """All frames that are whole by now; empty when the next is still incomplete."""
        if not self.rest:
            end = end_of_frames(data, 0)
            if end == len(data):
                return data
            self.rest += data[end:]
            return data[:end]
        searched = max(0, len(self.rest) - 3)
        self.rest += data
        if len(self.rest) > FRAME_LIMIT:
            raise ProviderUnavailableError("an event of the stream is too large", kind="invalid_answer")
        end = end_of_frames(self.rest, searched)
        whole = bytes(self.rest[:end])
        del self.rest[:end]
        return whole

    def flush(self) -> bytes:
        """What stood after the last blank line when the stream ended: a frame whose blank line was left out."""
        rest = bytes(self.rest)
        self.rest.clear()
        return rest


def end_of_frames(data: bytes | bytearray, searched: int) -> int:
    if data.endswith(b"\n\n"):
        return len(data)
    lf, crlf = data.rfind(b"\n\n", searched), data.rfind(b"\n\r\n", searched)
    return max(lf + 2 if lf >= 0 else 0, crlf + 3 if crlf >= 0 else 0)


def end_of_first_frame(block: bytes, start: int) -> int:
    blank = BLANK_LINE.search(block, start)
    return blank.end() if blank else len(block)


def split(block: bytes) -> list[bytes]:
    """The single frames of a block of whole ones, without their blank lines."""
    frames = BLANK_LINE.split(block) if b"\r" in block else block.split(b"\n\n")
    return [frame for frame in frames if frame]


def data_of(frame: bytes) -> bytes | None:
    """The data of one frame; None for a comment or a frame without any."""
    start = 5 if frame.startswith(b"data:") else frame.find(b"\ndata:") + 6
    if start == 5 and not frame.startswith(b"data:"):
        return None
    end = frame.find(b"\n", start)
    if end < 0:
        return frame[start:].strip(b" \r")
    if frame.find(b"\ndata:", end) < 0:
        return frame[start:end].strip(b" \r")
    lines = [line[5:].removeprefix(b" ") for line in LINE_END.split(frame) if line.startswith(b"data:")]
    return b"\n".join(lines)
