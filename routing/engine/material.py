"""What an ask wants done, apart from what it is to be done to: fenced and quoted text and paths are material."""

import re
from collections.abc import Callable, Sequence
from itertools import chain, islice
from typing import NamedTuple

from routing.engine.asks import Ask

GAP = "\x00"  # stands for material, so that no phrase reaches over it
MATERIAL_CHARS = 40  # so much quoted text is something to work on, less is a name
INTRODUCTION = 160  # a colon within so many characters may introduce material
MAX_QUOTES = 200
MAX_PATHS = 100
LONGEST_PATH = 120

FENCE = "```"
APOSTROPHE = "\x1a"  # stands for one within a word while quotes are looked for
INNER_APOSTROPHE = re.compile(r"'(?<=\w')(?=\w)")
ASCII_QUOTES = (
    ('"', re.compile(r'"[^"\n]{1,600}"')),
    ("`", re.compile(r"`[^`\n]{1,600}`")),
    ("'", re.compile(r"'(?<!\w')[^'\n]{2,600}'(?!\w)")),
)
QUOTES = (
    *ASCII_QUOTES,
    ("“", re.compile(r"“[^“”\n]{1,600}”")),
    ("«", re.compile(r"«[^«»\n]{1,600}»")),
    ("„", re.compile(r"„[^„“”\n]{1,600}[“”]")),
)
EXTENSION = re.compile(r"\.[A-Za-z]\w{0,7}(?![\w(-])")
EXTENSIONS = (
    " py pyi ipynb js mjs jsx ts tsx vue svelte css scss less html htm jinja jinja2 j2 md rst txt yml yaml toml json"
    " jsonl ini cfg conf env lock xml csv sql sh bash ps1 rs go java kt kts scala rb erb php cs fs c h cc cpp hpp m mm"
    " swift dart lua r jl ex exs erl hs ml clj tf proto graphql gradle f90 asm s diff patch log "
)
SLASH = re.compile(r"/(?:(?<![\w)\]<]/)|(?=[\w.-]{1,60}/))(?=[\w.~])")  # at a word's start, or one of several
PATH_CHARS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@~$./\\+-"
NOT_FILES = frozenset(
    {"node.js", "next.js", "nuxt.js", "nest.js", "vue.js", "react.js", "express.js", "three.js", "d3.js"}
)
TRACE = re.compile(r"\n(?:[ \t]+at \S|Traceback \(most|panic: |thread '|error\[E)")


class Intent(NamedTuple):
    """`text` is what is wanted; the rest says what came with it. `material_files` are named in the material alone.

    `introduced_by` are the phrases before a colon that made what follows it material.
    """

    text: str
    files: int
    material_files: int
    code_blocks: int
    has_material: bool
    has_path: bool
    has_trace: bool
    introduced_by: Sequence[str]


def intent_of(ask: Ask, introductions: Callable[[str], Sequence[str]]) -> Intent:
    """`introductions` finds what in the words before a colon announces that material follows ("Translate: ...")."""
    has_trace = TRACE.search(f"\n{ask.head}\n{ask.tail}") is not None
    prose, code_blocks = _without_fences(ask)
    prose, introduced, introduced_by = _parted(prose, introductions)
    files, prose, has_path = _named(prose)
    material_files, _, _ = _named(introduced)
    text = _without_quotes(prose)
    has_material = code_blocks > 0 or bool(introduced) or len(prose) - len(text) >= MATERIAL_CHARS
    return Intent(
        text.strip(), len(files), len(material_files), code_blocks, has_material, has_path, has_trace, introduced_by
    )


def _parted(text: str, introductions: Callable[[str], Sequence[str]]) -> tuple[str, str, Sequence[str]]:
    colon = text.find(":", 0, INTRODUCTION)
    if colon >= 0 and text[colon + 1 : colon + 2].isspace() and (found := introductions(text[:colon])):
        return text[:colon], text[colon + 1 :].strip(), found
    return text, "", ()


def _without_fences(ask: Ask) -> tuple[str, int]:
    head = ask.head.split(FENCE)
    tail = ask.tail.split(FENCE)
    if len(head) == len(tail) == 1:
        return f"{ask.head}\n{ask.tail}", 0
    outside = chain(head[::2], tail[1::2] if len(tail) % 2 == 0 else tail[::2])
    return "\n".join(outside), (len(head) + len(tail) - 1) // 2


def _without_quotes(text: str) -> str:
    if "'" in text:
        text = INNER_APOSTROPHE.sub(APOSTROPHE, text, count=MAX_QUOTES)
    for mark, quote in ASCII_QUOTES if text.isascii() else QUOTES:
        if mark in text:
            text = quote.sub(GAP, text, count=MAX_QUOTES)
    return text.replace(APOSTROPHE, "'")


def _named(text: str) -> tuple[set[str], str, bool]:
    """The distinct files that a text names, the text without its paths, and whether it had any."""
    files: set[str] = set()
    if "." not in text and "/" not in text:
        return files, text, False
    kept: list[str] = []
    position = 0
    for at, is_path in _signs(text):
        if at < position:
            continue
        start, end = _around(text, at, position)
        name = text[start:end]
        is_file = _is_file(name)
        if is_file:
            files.add(name)
        if is_file or is_path:
            kept.append(text[position:start])
            position = end
    return files, GAP.join([*kept, text[position:]]), position > 0


def _signs(text: str) -> list[tuple[int, bool]]:
    """Where a file's ending or a path's slash stands, in order; whether it is the slash of a path."""
    endings = islice(EXTENSION.finditer(text), MAX_PATHS) if "." in text else ()
    slashes = islice(SLASH.finditer(text), MAX_PATHS) if "/" in text else ()
    signs = [(match.start(), False) for match in endings if _is_known(match[0])]
    return sorted(signs + [(match.start(), True) for match in slashes])


def _around(text: str, at: int, position: int) -> tuple[int, int]:
    """Where the name that goes through `at` begins and ends."""
    first = max(position, at - LONGEST_PATH)
    following = text[at : at + LONGEST_PATH]
    start = first + len(text[first:at].rstrip(PATH_CHARS))
    end = at + len(following) - len(following.lstrip(PATH_CHARS))
    return start, start + len(text[start:end].rstrip("./"))


def _is_known(ending: str) -> bool:
    return f" {ending[1:].lower()} " in EXTENSIONS


def _is_file(name: str) -> bool:
    if "." not in name:
        return False
    stem, dot, extension = name.rpartition(".")
    return _is_known(dot + extension) and stem.strip("./\\") != "" and name.lower() not in NOT_FILES
