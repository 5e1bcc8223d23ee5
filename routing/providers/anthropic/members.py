"""A body's top-level members, undecoded: read where needed, the others joined again as they came."""

from collections.abc import Mapping
from typing import Any

import msgspec

encode = msgspec.json.Encoder().encode
decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
decode_object = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Members:
    __slots__ = ("dropped", "is_cache_marked", "raw")

    def __init__(self, raw: Mapping[str, msgspec.Raw]) -> None:
        self.raw = {name: bytes(value) for name, value in raw.items()}
        self.dropped: list[str] = []
        self.is_cache_marked = False

    def read(self, name: str) -> Any:
        """None for one that is not there."""
        value = self.raw.get(name)
        return None if value is None else msgspec.json.decode(value)

    def items(self, name: str) -> list[msgspec.Raw]:
        return decode_items(self.raw[name])

    def write(self, name: str, value: Any, *, as_dropped: str = "") -> None:
        """A value of ours in place of the client's; None takes the member away."""
        if value is None:
            self.raw.pop(name, None)
        else:
            self.raw[name] = encode(value)
        self.note(as_dropped or name)

    def drop(self, *names: str) -> None:
        for name in names:
            if self.raw.pop(name, None) is not None:
                self.note(name)

    def note(self, name: str) -> None:
        if name not in self.dropped:
            self.dropped.append(name)

    def joined(self) -> bytes:
        return b"{%b}" % b",".join(b"%b:%b" % (encode(name), value) for name, value in self.raw.items())
