"""What can be wrong with a phrase: in itself, in its list, and beside lists that say the opposite."""

from collections.abc import Collection, Iterator, Mapping
from itertools import product
from unicodedata import category

from routing.engine.asks import TAG_NAME
from routing.engine.content import TAG_LISTS
from routing.phrases import plain, sought
from routing.policies.shipped import shipped_policy

EASY = ("simple_task", "self_contained", "greeting", "single_file_edit", "housekeeping")
HARD = ("deep_reasoning", "multi_file", "compaction", "keyword_opus", "agent_protocol")
CONTRADICTORY = [
    *product(EASY, HARD),
    ("self_contained", "context_word"),
    ("simple_task", "investigation"),
    ("single_file_edit", "investigation"),
    TAG_LISTS,
]
SEEN = "LNPS"  # letters, numbers, punctuation, symbols: what is no space and no control
BLANK = frozenset("\u115f\u1160\u2800")  # letters and a symbol that show as nothing
JOINERS = "\u200c\u200d"  # not seen, but part of how some scripts are written
Opposed = Mapping[str, tuple[str, str]]  # what is found, to the list's title and its phrase


def problems_in_lists(phrases: Mapping[str, Mapping[str, float]]) -> Iterator[tuple[str, str]]:
    """List and message, of all lists of a policy."""
    for name, listed in phrases.items():
        opposed, seen = opposed_phrases(name, phrases, of_both=False), dict[str, str]()
        for text in listed:
            for message in problems_of_phrase(name, text, opposed):
                yield name, message
            other = seen.setdefault(same(name, text), text)
            if other != text:
                yield name, is_there(text, other)


def problems_of_phrase(name: str, text: str, opposed: Opposed) -> Iterator[str]:
    found = looked_for(name, text)
    unseen = next((char for char in text if category(char) == "Cf" and char not in JOINERS), "")
    if name in TAG_LISTS and not TAG_NAME.fullmatch(text):
        yield f"{text!r} is no tag's name: write what stands between < and >, such as system-reminder."
    elif not any(category(char)[0] in SEEN and char not in BLANK for char in found):
        yield f"The phrase {text!r} holds nothing that could be found."
    elif unseen:
        yield f"{text!r} holds a character that nobody sees (U+{ord(unseen):04X}): type it anew."
    elif found in opposed:
        title, theirs = opposed[found]
        spelled = "" if text.casefold() == theirs.casefold() else f" as {theirs!r}"
        yield f"{text!r} is also in {title}{spelled}, which says the opposite."


def opposed_phrases(name: str, phrases: Mapping[str, Collection[str]], *, of_both: bool = True) -> Opposed:
    """What may not stand in this list. Of two lists the first alone says so, unless it is asked `of_both`."""
    others = {b for a, b in CONTRADICTORY if a == name} | {a for a, b in CONTRADICTORY if of_both and b == name}
    return {
        looked_for(other, text): (title_of(other), text)
        for other in sorted(others, reverse=True)
        for text in phrases.get(other, ())
    }


def looked_for(name: str, text: str) -> str:
    return text.lower() if name in TAG_LISTS else sought(text)


def same(name: str, text: str) -> str:
    """Equal for phrases of a list that find the same: width, case and kinds of spaces do not matter."""
    return text.lower() if name in TAG_LISTS else plain(text)


def is_there(text: str, other: str) -> str:
    return f"{text!r} finds the same as {other!r}, which is in this list."


def title_of(name: str) -> str:
    shipped = shipped_policy()["phrases"].get(name, {})
    return str(shipped.get("title", name))
