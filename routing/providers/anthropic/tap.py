"""Watches Claude's own answers and streams go by as bytes, and parses only what the record needs."""

from typing import Any

import msgspec

from routing.providers.anthropic.events import read
from routing.providers.anthropic.response import UNREADABLE, failure_inside, finish_reason_of, invalid, usage_of
from routing.providers.base import Account
from routing.providers.reply import Reply
from routing.providers.tap import Tap

NOTABLE = (b'"message_', b'"error"')  # the types of those events; inside of texts a quotation mark is `\\"`


class Tapped(msgspec.Struct, gc=False):
    id: str
    model: str
    stop_reason: str | None
    usage: dict[str, Any]


TAP = msgspec.json.Decoder(Tapped)


def observe(account: Account, raw: bytes, reply: Reply) -> None:
    """Fill the account from a whole message."""
    try:
        message = TAP.decode(raw)
        account.usage = usage_of(message.usage)
    except UNREADABLE as exc:
        raise invalid("an answer that cannot be read", reply) from exc
    account.response_id, account.response_model = message.id, message.model
    account.finish_reason = finish_reason_of(message.stop_reason)
    account.is_complete = True


class MessageTap(Tap):
    """Keeps back the answer's stop reason and all after it; an end without `message_stop` is a failure."""

    __slots__ = ("_counts",)
    notable = NOTABLE

    def __init__(self, account: Account, reply: Reply) -> None:
        super().__init__(account, reply, choices=1, keeps_usage=True)
        self._counts: dict[str, Any] = {}  # cumulative; later events may hold only some

    def see(self, payload: bytes) -> bytes:
        try:
            event = read(payload)
            if event.error is not None:
                raise failure_inside(payload, event.error, self._reply)
            if event.type == "message_start":
                self._account.response_id = event.message["id"]
                self._account.response_model = event.message["model"]
                self._count(event.message["usage"])
            elif event.type == "message_delta":
                self._count(event.usage)
                if event.delta.stop_reason is not None:
                    self._unfinished = 0
                    self._account.finish_reason = finish_reason_of(event.delta.stop_reason)
            elif event.type == "message_stop":
                self.is_done = True
                self.check_end()
        except UNREADABLE as exc:
            raise invalid("an event that cannot be read", self._reply) from exc
        return payload

    def check_end(self) -> None:
        if not self._account.response_id or not self.is_done:
            self._unfinished = 1
        super().check_end()

    def _count(self, counts: dict[str, Any]) -> None:
        self._counts |= {name: value for name, value in counts.items() if value is not None}
        self._account.usage = usage_of(self._counts)
