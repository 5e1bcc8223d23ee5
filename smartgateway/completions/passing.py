"""A client's body as it goes on to an upstream of the same dialect: its top-level members, undecoded."""

import msgspec

from routing.engine.words import without_tier_words
from routing.route import Routed

decode_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
decode_items = msgspec.json.Decoder(list[msgspec.Raw]).decode
encode = msgspec.json.Encoder().encode


def members(raw: bytes, gone: tuple[str, ...]) -> dict[str, msgspec.Raw]:
    """The body's top-level members, undecoded, without those in `gone`."""
    decoded = decode_members(raw)
    for name in gone:
        decoded.pop(name, None)
    return decoded


def rewritten(messages: msgspec.Raw, dialect: str, routed: Routed) -> msgspec.Raw:
    """The messages without the words that name a tier to us; where the dialect is not the indoor form, only those
    that hold one are written anew."""
    if dialect == "openai":
        return msgspec.Raw(encode(routed.request.messages))
    as_they_came = decode_items(messages)
    decoded = [msgspec.json.decode(message) for message in as_they_came]
    cleaned = without_tier_words(routed.request._replace(messages=decoded), routed.features, routed.policy).messages
    pairs = zip(as_they_came, decoded, cleaned, strict=True)
    return msgspec.Raw(encode([raw if old is new else msgspec.Raw(encode(new)) for raw, old, new in pairs]))
