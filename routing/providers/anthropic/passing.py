"""A Messages body on its way to Claude as it came.

Nothing is changed for a model that the client named itself, except what that model refuses for certain: sampling
parameters, a forced tool, late system messages. What was set for another model than the one that was chosen for
the client is fitted to it. Every change has its name in `dropped`.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from routing.providers import indoors
from routing.providers.anthropic.conversation import GO_ON
from routing.providers.anthropic.fitting import fit_limit, fit_thinking
from routing.providers.anthropic.members import Members, encode
from routing.providers.anthropic.models import SAMPLING, SAMPLING_VERSION, Traits, is_known, traits_of
from routing.providers.anthropic.request import WORTH_CACHING_CHARACTERS
from routing.providers.base import Call

NOT_COUNTED = ("max_tokens", "stream", "stop_sequences", "metadata", "service_tier")
MARKER = b'{"type":"ephemeral"}'


class Turn(msgspec.Struct, gc=False):
    role: str
    content: str | list[dict[str, Any]] = ""


def passed(call: Call, version: str) -> Members:
    """The body's members as they are to be joined again."""
    members = Members(call.raw or {})
    is_own_choice = members.read("model") == call.model
    traits = traits_of(call.model)
    members.raw["model"] = encode(call.model)
    if not (traits.takes_sampling and version == SAMPLING_VERSION):
        members.drop(*SAMPLING)
    if not is_own_choice or is_known(call.model):
        unforce_tools(members, traits)
        place_late_system(members, traits)
    if not is_own_choice:
        thinks_unasked = fit_thinking(members, traits)
        fit_limit(members, traits, thinks_unasked=thinks_unasked)
        end_with_user(members, call.body, traits)
    if call.caches and profits_from_cache(members.raw, call.body):
        members.raw["cache_control"] = MARKER  # moves along with the conversation
        members.is_cache_marked = True
    return members


def counted(call: Call, version: str) -> Members:
    """As `passed`, for counting: what only an answer needs is left out."""
    members = passed(call, version)
    for name in NOT_COUNTED:
        members.raw.pop(name, None)
    return members


def unforce_tools(members: Members, traits: Traits) -> None:
    """Where a model cannot be forced it is asked, in a sentence."""
    choice = members.read("tool_choice")
    if traits.can_force_tools or not choice or choice.get("type") not in ("any", "tool"):
        return
    name = choice.get("name")
    sentence = indoors.MUST_CALL_NAMED.format(name=name) if choice["type"] == "tool" else indoors.MUST_CALL
    kept = {key: value for key, value in choice.items() if key not in ("type", "name")}
    members.write("tool_choice", {"type": "auto", **kept})
    if traits.takes_late_system and b'"signature"' in members.raw["messages"] and may_end_with_system(members):
        # Thoughts that are sent again are bound to all that stood before them: this has to stand behind.
        last = msgspec.Raw(encode({"role": "system", "content": sentence}))
        members.raw["messages"] = encode([*members.items("messages"), last])
        return
    added = msgspec.Raw(encode({"type": "text", "text": sentence}))
    system = members.read("system")
    if isinstance(system, list):
        members.raw["system"] = encode([*members.items("system"), added])
    else:
        own = [{"type": "text", "text": system}] if system else []
        members.raw["system"] = encode([*own, added])


def may_end_with_system(members: Members) -> bool:
    return msgspec.json.decode(members.items("messages")[-1], type=Turn).role == "user"


def place_late_system(members: Members, traits: Traits) -> None:
    """Among the turns a model may refuse a system message: marked within a user's it keeps its place."""
    if traits.takes_late_system or b'"system"' not in members.raw.get("messages", b""):
        return
    turns = members.items("messages")
    placed = [marked(turn) for turn in turns]
    if any(new is not old for new, old in zip(placed, turns, strict=True)):
        members.raw["messages"] = encode(placed)
        members.note("messages.system")


def marked(raw: msgspec.Raw) -> msgspec.Raw:
    turn = msgspec.json.decode(raw, type=Turn)
    if turn.role != "system":
        return raw
    blocks = indoors.parts_of(turn.content)
    content = [{**block, "text": indoors.LATE_SYSTEM.format(text=block.get("text", ""))} for block in blocks]
    return msgspec.Raw(encode({"role": "user", "content": content}))


def end_with_user(members: Members, body: Mapping[str, Any], traits: Traits) -> None:
    if traits.takes_prefill or body["messages"][-1]["role"] != "assistant":
        return
    added = msgspec.Raw(encode({"role": "user", "content": GO_ON}))
    members.raw["messages"] = encode([*members.items("messages"), added])
    members.note("prefill")


def profits_from_cache(raw: Mapping[str, bytes], body: Mapping[str, Any]) -> bool:
    """Without a marker of the client's own, long enough, and likely to be sent again."""
    sent = [raw[name] for name in ("tools", "system", "messages") if name in raw]
    if "cache_control" in raw or sum(map(len, sent)) < WORTH_CACHING_CHARACTERS:
        return False
    if any(b'"cache_control"' in value for value in sent):
        return False
    return "tools" in raw or any(message["role"] == "assistant" for message in body["messages"])
