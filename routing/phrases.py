"""Literal phrases found in text: one automaton for all lists, one pass, time linear in the text."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from unicodedata import combining, normalize

from ahocorasick_rs import AhoCorasick

from routing.engine.types import Matcher

MAX_NESTING = 8
"""So many phrases may be the end of one another; more would make the time depend on the list."""

_SPACES = re.compile("  (?: )*")
PARAGRAPH = " \x00 "

# Scripts that put no spaces between words: Thai to Burmese, Khmer, Chinese, Japanese, Korean.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u11ff\u1780-\u17ff\u2e80-\ua4cf\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_ASCII_WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def _marks() -> str:
    """The characters that begin with a combining mark once they are decomposed, as a class of `re`."""
    late = {0x0F73, 0x0F75, 0x0F81, 0xFF9E, 0xFF9F}
    return "".join(chr(code) for code in range(0x300, 0x10000) if combining(chr(code)) or code in late)


# Normalizing sorts a run of combining marks in quadratic time. Unicode's stream-safe format (UAX 15) keeps 30 of them;
# beyond the first plane any run is cut, which spares a second table. A run of 31 covers every 31st character.
_MARK = re.compile(f"[{_marks()}]")
_MARK_RUN = re.compile(f"[{_marks()}]{{31,}}")
_HIGH = re.compile("[\U00010000-\U0001ffff]")
_HIGH_RUN = re.compile("[\U00010000-\U0001ffff]{31,}")


def _stream_safe(text: str) -> str:
    sample = text[30::31]
    for any_of_them, run_of_them in ((_MARK, _MARK_RUN), (_HIGH, _HIGH_RUN)):
        if any_of_them.search(sample):
            text = run_of_them.sub(lambda run: run[0][:30], text)
    text = text.replace("\ufdfa", " ").replace("\ufdfb", " ")  # would become eighteen and eight characters
    return text.encode(errors="replace").decode()  # halves of surrogate pairs, which JSON can spell, are no text


def normalized(text: str) -> str:
    """Width, case, kinds of white space and of apostrophe do not matter; no phrase reaches over an empty line."""
    if not text.isascii():
        text = normalize("NFKC", _stream_safe(text)).replace("\u2019", "'")
    text = text.casefold().replace("\n\n", PARAGRAPH).replace("\n", " ").replace("\t", " ").replace("\r", " ")
    return _SPACES.sub(" ", text) if "  " in text else text


def sought(phrase: str) -> str:
    """What is looked for, in its normal form; empty where that is nothing. Of a prefix, its beginning."""
    return normalized(phrase.removesuffix("*")).strip()


def plain(phrase: str) -> str:
    """The one spelling of all phrases that find the same."""
    return sought(phrase) + "*" * phrase.endswith("*")


def is_word(char: str) -> bool:
    """Whether a phrase of a spaced script may not end beside this character."""
    if char < "\x80":
        return char in _ASCII_WORD
    return char.isalnum() and not _UNSPACED.match(char)


@dataclass(frozen=True, slots=True)
class _Target:
    """A phrase of a list, as the automaton knows it."""

    list_name: str
    phrase: str
    needs_end: bool


def compile_matcher(phrases: Mapping[str, Mapping[str, float]]) -> Matcher:
    """A callable from text to the distinct phrases found in it, by list. ValueError names what cannot be matched."""
    targets: dict[str, list[_Target]] = {}
    for list_name, listed in phrases.items():
        for phrase in listed:
            literal = _literal(phrase)
            needs_end = not phrase.endswith("*") and is_word(literal[-1])
            targets.setdefault(literal, []).append(_Target(list_name, phrase, needs_end))
    if not targets:
        return lambda text: {}
    automaton = AhoCorasick(list(targets))
    _refuse_deep_nesting(automaton, list(targets))
    return _matcher(automaton, [(is_word(literal[0]), tuple(found)) for literal, found in targets.items()])


def _literal(phrase: str) -> str:
    literal = sought(phrase)
    if not literal:
        raise ValueError(f"The phrase {phrase!r} holds nothing that could be found")
    return literal


def _refuse_deep_nesting(automaton: AhoCorasick, literals: list[str]) -> None:
    for literal in literals:
        endings = sum(end == len(literal) for _, _, end in automaton.find_matches_as_indexes(literal, overlapping=True))
        if endings > MAX_NESTING:
            raise ValueError(f"The phrase {literal!r} ends in {endings - 1} other phrases: at most {MAX_NESTING - 1}")


def _matcher(
    automaton: AhoCorasick, targets: list[tuple[bool, tuple[_Target, ...]]]
) -> Callable[[str], Mapping[str, tuple[str, ...]]]:
    def match(text: str) -> Mapping[str, tuple[str, ...]]:
        text = normalized(text)
        hits = automaton.find_matches_as_indexes(text, overlapping=True)
        if not hits:
            return {}
        length = len(text)
        done: set[int] = set()
        found: dict[str, dict[str, None]] = {}
        for index, start, end in hits:
            if index in done:
                continue
            needs_start, candidates = targets[index]
            if needs_start and start and ((before := text[start - 1]) in _ASCII_WORD or is_word(before)):
                continue
            goes_on = end < length and is_word(text[end])
            if not goes_on:
                done.add(index)
            for target in candidates:
                if not (goes_on and target.needs_end):
                    found.setdefault(target.list_name, {})[target.phrase] = None
        return {list_name: tuple(listed) for list_name, listed in found.items()}

    return match
