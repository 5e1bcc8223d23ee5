"""What belongs at a cursor, from servers that say it in single payloads of their own."""

from collections.abc import Callable, Sequence

from routing.providers.base import ChatCompletionChunk
from routing.providers.chunks import Chunks
from routing.providers.reply import Reply
from routing.providers.tap import invalid

ChunkOf = Callable[[bytes, Reply, Chunks], ChatCompletionChunk]


class Filling:
    """Each payload is one indoor chunk; the last of them completes the account."""

    def __init__(self, chunk_of: ChunkOf, chunks: Chunks, reply: Reply, *, with_usage: bool) -> None:
        self._chunk_of = chunk_of
        self._chunks = chunks
        self._reply = reply
        self._with_usage = with_usage

    @property
    def is_done(self) -> bool:
        return self._chunks.account.is_complete

    def chunks_of(self, payload: bytes) -> Sequence[ChatCompletionChunk]:
        return (self._chunk_of(payload, self._reply, self._chunks),)

    def end(self) -> Sequence[ChatCompletionChunk]:
        if not self.is_done:
            raise invalid("a stream that ended before its answer did", self._reply)
        return (self._chunks.usage(),) if self._with_usage else ()
