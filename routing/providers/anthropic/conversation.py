"""Indoor messages to Claude's turns."""

from collections.abc import Mapping, Sequence
from typing import Any

from routing.providers import indoors
from routing.providers.anthropic.blocks import Block, Markers, blocks_of, text_blocks
from routing.providers.anthropic.models import Traits
from routing.providers.anthropic.naming import CallIds, ToolNames
from routing.providers.indoors import rejected

SYSTEM = ("system", "developer")
OPENING = "Continue the conversation."
GO_ON = "Continue."


class Conversation:
    """Built message by message; `system` and `turns` are ready after `finish`."""

    def __init__(self, traits: Traits, names: ToolNames, markers: Markers) -> None:
        self.system: list[Block] = []
        self.turns: list[dict[str, Any]] = []
        self.has_prefill_replaced = False
        self.called: dict[str, None] = {}  # original names of tools that the history used, in order
        self._traits = traits
        self._names = names
        self._markers = markers
        self._ids = CallIds()

    def read(self, messages: Sequence[object]) -> None:
        waiting: list[Block] = []  # system text that may stand alone once it is known what follows
        for message in messages:
            if not isinstance(message, dict) or not isinstance(message.get("role"), str):
                raise rejected("a message without a role")
            role = message["role"]
            if role in SYSTEM:
                self._read_system(message, waiting)
                continue
            self._place_late_system(waiting, is_before_assistant=role == "assistant")
            waiting = []
            self._read_turn(role, message)
        self._place_late_system(waiting, is_before_assistant=True)
        self._finish()

    def _read_system(self, message: Mapping[str, Any], waiting: list[Block]) -> None:
        blocks = text_blocks(message.get("content"), self._markers)
        (waiting if self.turns else self.system).extend(blocks)

    def _place_late_system(self, blocks: list[Block], *, is_before_assistant: bool) -> None:
        """As its own turn where the model takes that, otherwise marked within a user's: hoisting it would cost
        the prompt cache."""
        if not blocks:
            return
        follows_user = self.turns[-1]["role"] == "user"
        if self._traits.takes_late_system and follows_user and is_before_assistant:
            self.turns.append({"role": "system", "content": blocks})
            return
        self._add("user", marked(blocks))

    def _read_turn(self, role: str, message: Mapping[str, Any]) -> None:
        if role == "user":
            self._add("user", blocks_of(message.get("content"), self._markers))
        elif role == "assistant":
            self._add("assistant", text_blocks(message.get("content"), self._markers) + self._calls(message))
        elif role in ("tool", "function"):
            self._add_result(message)
        else:
            raise rejected(f"{role!r} is no role that a message can have")

    def _calls(self, message: Mapping[str, Any]) -> list[Block]:
        blocks = []
        for call in indoors.tool_calls_of(message):
            name = str(call["function"].get("name") or "")
            self.called[name] = None
            arguments = indoors.arguments_of(call["function"])
            call_id = self._ids.of_call(str(call.get("id") or ""))
            blocks.append({"type": "tool_use", "id": call_id, "name": self._names.safe(name), "input": arguments})
        return blocks

    def _add_result(self, message: Mapping[str, Any]) -> None:
        """All results of one turn stand in the next user turn, before anything else."""
        given = str(message.get("tool_call_id") or message.get("name") or "")
        call_id = self._ids.of_result(given)
        if call_id is None:
            raise rejected(f"a tool result without its call: {given!r}")
        block: Block = {"type": "tool_result", "tool_use_id": call_id}
        if content := blocks_of(message.get("content"), self._markers):
            block["content"] = content
        if not self.turns or self.turns[-1]["role"] != "user":
            self.turns.append({"role": "user", "content": []})
        content = self.turns[-1]["content"]
        results = [other["tool_use_id"] for other in content if other["type"] == "tool_result"]
        if call_id in results:
            raise rejected(f"a second result of the same tool call: {given!r}")
        content.insert(len(results), block)

    def _add(self, role: str, blocks: list[Block]) -> None:
        if not blocks:
            return
        if role == "user" and self.turns and self.turns[-1]["role"] == "system":
            self._add("user", marked(self.turns.pop()["content"]))  # the answer between them was empty
        if self.turns and self.turns[-1]["role"] == role:
            self.turns[-1]["content"] += blocks
        else:
            self.turns.append({"role": role, "content": blocks})

    def _finish(self) -> None:
        if not self.turns and self.system:
            self.turns, self.system = [{"role": "user", "content": self.system}], []
        if not self.turns:
            raise rejected("there is no message with any content")
        if self.turns[0]["role"] == "assistant":
            self.turns.insert(0, {"role": "user", "content": [{"type": "text", "text": OPENING}]})
        check_pairs(self.turns)
        if self.turns[-1]["role"] == "assistant":
            self._end_with_user()

    def _end_with_user(self) -> None:
        last = self.turns[-1]["content"][-1]
        if self._traits.takes_prefill:
            last["text"] = last["text"].rstrip()
            return
        self.turns.append({"role": "user", "content": [{"type": "text", "text": GO_ON}]})
        self.has_prefill_replaced = True


def marked(blocks: Sequence[Block]) -> list[Block]:
    return [{**block, "text": indoors.LATE_SYSTEM.format(text=block["text"])} for block in blocks]


def check_pairs(turns: Sequence[Mapping[str, Any]]) -> None:
    """Every call has its result in the next turn, or the API refuses the whole request."""
    for turn, following in zip(turns, [*turns[1:], None], strict=True):
        called = {block["id"] for block in turn["content"] if block["type"] == "tool_use"}
        answered = {
            block["tool_use_id"]
            for block in (following or {"content": ()})["content"]
            if block["type"] == "tool_result"
        }
        if called != answered:
            raise rejected(f"tool calls and results do not pair up: {', '.join(sorted(called ^ answered))}")
