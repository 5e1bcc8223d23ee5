"""The newest words of a person in a conversation, with what clients write around them set apart."""

import re
from collections.abc import Collection, Mapping, Sequence, Set
from itertools import islice
from typing import Any, NamedTuple

from routing.engine.survey import NEWEST_BLOCKS, NEWEST_MESSAGES, holds_tool_block
from routing.engine.types import Policy

RAW_HALF = 8_192  # characters looked at, from the start and from the end of a message
HALF = 4_096  # of these, kept once the client's text is set apart
MAX_TAGS = 256
MAX_BLOCKS = 32
TEXT_BLOCKS = ("text", "input_text")
MAX_ATTEMPTS = 8  # newest messages without a word of their own, after which no ask is found

TAG_NAME = re.compile(r"[A-Za-z][\w-]{0,40}")
TAG = re.compile(rf"<(/?)({TAG_NAME.pattern})(?:\s[^<>]{{0,200}})?>")
PERSONA = (
    "You are a ",
    "You are an ",
    "You are the ",
    "Act as ",
    "System:",
    "SYSTEM:",
    "### System",
    "<<SYS>>",
    "[INST]",
)
SPEAKER = ("\nUser:", "\nUSER:", "\nHuman:", "\n### User", "\n### Instruction", "\nQuestion:", "<</SYS>>")
ANSWERER = ("\nAssistant:", "\nASSISTANT:", "\nAI:", "\n### Assistant", "\n### Response", "[/INST]")


class Ask(NamedTuple):
    """`tail` is empty when `head` holds the whole ask. `is_newest` when nothing but clients' text follows it.

    `tags` are the policy's that were met on the way to it, `texts` those that were looked at, by message.
    """

    head: str = ""
    tail: str = ""
    chars: int = 0
    is_newest: bool = False
    tags: Set[str] = frozenset()
    texts: Sequence[Sequence[str]] = ()


class Tags(NamedTuple):
    """Names of tags: what stands in those of a harness is no one's words, what stands in those of a wrapper is the ask.

    `met` gathers those that are met in texts, and `texts` these.
    """

    harness: Collection[str]
    wrappers: Collection[str]
    met: set[str]
    texts: list[Sequence[str]]


def newest_ask(messages: Sequence[Mapping[str, Any]], policy: Policy, *, without: Collection[str] = ()) -> Ask:
    """`without`: lists of tags that are read as if they were empty."""
    harness, wrappers = policy.phrases.get("harness", ()), policy.phrases.get("ask_tag", ())
    if without:
        harness, wrappers = () if "harness" in without else harness, () if "ask_tag" in without else wrappers
    tags = Tags(harness, wrappers, set(), [])
    is_newest = True
    attempts = 0
    for message in reversed(messages[-NEWEST_MESSAGES:]):
        role = message.get("role")
        if role == "user" and attempts < MAX_ATTEMPTS:
            texts = texts_of(message.get("content"))
            if texts and not _is_example(message):
                ask = _ask_in(texts, tags, is_newest)
                if ask.chars:
                    return ask
                attempts += 1
            is_newest = is_newest and not holds_tool_block(message.get("content"))
        elif role != "system" and role != "developer":
            is_newest = False
    return Ask(tags=tags.met, texts=tags.texts)


def texts_of(content: Any) -> list[str]:
    """The text of a message: a string, or the newest of its text blocks."""
    if isinstance(content, str):
        return [content] if content else []
    if not isinstance(content, list):
        return []
    newest = content if len(content) <= NEWEST_BLOCKS else content[-NEWEST_BLOCKS:]
    texts = [
        block["text"]
        for block in newest
        if isinstance(block, dict) and block.get("type") in TEXT_BLOCKS and isinstance(block.get("text"), str)
    ]
    return texts if len(texts) <= MAX_BLOCKS else texts[-MAX_BLOCKS:]


def _is_example(message: Mapping[str, Any]) -> bool:
    """A turn that was invented to show the form, named as OpenAI's guides name it."""
    name = message.get("name")
    return isinstance(name, str) and name.startswith("example")


def _ask_in(texts: Sequence[str], tags: Tags, is_newest: bool) -> Ask:
    tags.texts.append(texts)
    parts: list[str] = []
    hidden = 0
    for text in texts:
        head, tail, skipped = _own_words(text, tags)
        hidden += skipped
        parts += [part for part in (head, tail) if part]
    whole = "\n\n".join(parts)
    chars = sum(map(len, parts)) + hidden
    if len(whole) <= 2 * HALF and not hidden:
        return Ask(whole, "", chars, is_newest, tags.met, tags.texts)
    return Ask(whole[:HALF], whole[HALF:][-HALF:], chars, is_newest, tags.met, tags.texts)


def _own_words(text: str, tags: Tags) -> tuple[str, str, int]:
    """What a person wrote in the first and last part of a text, and how many characters lie between unread."""
    if len(text) <= 2 * RAW_HALF:
        return _unwrapped(set_apart(text, tags)[0], tags), "", 0
    head, is_open = set_apart(text[:RAW_HALF], tags, ends_cut=True)
    tail, _ = set_apart(text[-RAW_HALF:], tags, starts_cut=True)
    hidden = 0 if is_open else len(text) - 2 * RAW_HALF
    return _unwrapped(head, tags), _unwrapped(tail, tags), hidden if head or tail else 0


def looked_at(text: str) -> str | tuple[str, str, int]:
    """As much of a text as tells how it is read."""
    return text if len(text) <= 2 * RAW_HALF else (text[:RAW_HALF], text[-RAW_HALF:], len(text))


def set_apart(text: str, tags: Tags, *, starts_cut: bool = False, ends_cut: bool = False) -> tuple[str, bool]:
    """The text without what stands in the harness's tags, and whether such a tag is still open at a cut end."""
    if "<" not in text:
        return text.strip(), False
    kept: list[str] = []
    given_up: set[str] = set()  # names that close nowhere: not looked for again
    position = 0
    for tag in islice(TAG.finditer(text), MAX_TAGS):
        name = tag[2].lower()
        is_of_harness = name in tags.harness
        if is_of_harness or name in tags.wrappers:
            tags.met.add(name)
        if not is_of_harness or tag.start() < position or name in given_up:
            continue
        if tag[1]:
            if starts_cut and not kept:
                position = tag.end()
            continue
        end = text.find(f"</{tag[2]}>", tag.end())
        if end < 0 and not ends_cut:
            given_up.add(name)
            continue
        kept.append(text[position : tag.start()])
        if end < 0:
            return "".join(kept).strip(), True
        position = end + len(tag[2]) + 3
    return "".join([*kept, text[position:]]).strip(), False


def _unwrapped(text: str, tags: Tags) -> str:
    """The ask within the last pair of wrapping tags, or else what follows a pasted system text."""
    opened: dict[str, int] = {}
    words = ""
    for tag in islice(TAG.finditer(text), MAX_TAGS) if "<" in text else ():
        name = tag[2].lower()
        if name in tags.wrappers and not tag[1]:
            tags.met.add(name)
            opened[name] = tag.end()
        elif name in opened:
            words = text[opened.pop(name) : tag.start()].strip() or words
    if words:
        return words
    return _after_pasted_system(text) if text.startswith(PERSONA) else text


def _after_pasted_system(text: str) -> str:
    """The last turn of a pasted transcript; without one, what follows the first paragraph."""
    speaker = max((text.rfind(mark), len(mark)) for mark in SPEAKER)
    if speaker[0] >= 0:
        text = text[sum(speaker) :]
        answers = [at for mark in ANSWERER if (at := text.find(mark)) >= 0]
        return text[: min(answers, default=len(text))].strip(" :\n")
    return text.partition("\n\n")[2].strip() or text
