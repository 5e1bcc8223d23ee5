"""What versions of Ollama differ in that nothing in their answers tells."""

import re

VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?!\d)")
Version = tuple[int, int, int]
FIRST_WHOLE = (0, 2, 0)  # before it, what came out of the prompt cache was not counted
NOT_WHOLE = (0, 30, 0)  # nor in this one, its release candidates included
OF_NO_RELEASE = (0, 0, 0)  # built from source


def version_of(text: object) -> Version | None:
    """None where it cannot be known."""
    found = VERSION.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    major, minor, patch = map(int, found.groups())
    return None if (major, minor, patch) == OF_NO_RELEASE else (major, minor, patch)


def counts_whole(version: Version | None) -> bool:
    """Whether `prompt_eval_count` is known to hold all of the prompt, also what was cached."""
    return version is not None and version >= FIRST_WHOLE and version != NOT_WHOLE


def note_on(version: Version | None) -> str:
    """Empty for a version that counts the whole prompt; else what follows from that, and the remedy."""
    if counts_whole(version):
        return ""
    if version is None:
        return "Ollama's version is unknown, so a prompt that it cuts goes unnoticed: let /api/version through to it"
    text = ".".join(map(str, version))
    return f"Ollama {text} counts no cached tokens, so a prompt that it cuts goes unnoticed: update Ollama"
