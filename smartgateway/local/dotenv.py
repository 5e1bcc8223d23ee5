"""The `.env` of a checkout: made with generated secrets, never overwritten, refused when a line cannot be read."""

import os
import re
import secrets
import sys
from pathlib import Path

LINE = re.compile(r"(?:export )?([A-Za-z_0-9]+)=(.*)")
GENERATED = ("SECRET_KEY", "AUDIT_CHAIN_KEY")
HEADER = "# Written by `make run`; `.env.example` explains every variable. Keep AUDIT_CHAIN_KEY somewhere else, too.\n"


class BrokenDotEnvError(Exception):
    """One sentence that names the line."""


def prepare(path: Path) -> list[str]:
    """Checks every line and adds the secrets that neither the file nor the environment has. Returns what was added."""
    lines = read(path)
    values = {match[1]: match[2] for line in lines if (match := LINE.fullmatch(line))}
    missing = [name for name in GENERATED if not values.get(name) and not os.environ.get(name)]
    if missing:
        kept = [line for line in lines if not any(line == f"{name}=" for name in missing)]
        write(path, [*kept, *(f"{name}={secrets.token_urlsafe(48)}" for name in missing)])
    return missing


def main() -> None:
    try:
        prepare(Path(".env"))
    except BrokenDotEnvError as error:
        sys.exit(str(error))


def read(path: Path) -> list[str]:
    if not path.exists():
        return [HEADER.rstrip()]
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BrokenDotEnvError(f"{path.name} cannot be read as text: {error}.") from error
    for number, line in enumerate(lines, start=1):
        if line and not line.startswith("#") and not LINE.fullmatch(line):
            raise BrokenDotEnvError(f"{path.name}, line {number} is neither NAME=value nor a # comment: {hidden(line)}")
    return lines


def hidden(line: str) -> str:
    """Enough to find the line; what may be a secret is not shown."""
    start = re.split(r"[=:\s]", line.strip(), maxsplit=1)[0][:40]
    return f"{start} ..." if start != line else start


def write(path: Path, lines: list[str]) -> None:
    """In one step, readable by its owner only."""
    beside = path.with_name(f"{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    beside.replace(path)


if __name__ == "__main__":
    main()
