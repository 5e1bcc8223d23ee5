"""What a program of this folder is asked to do, and the one tool that it has."""

import argparse
import os
from typing import Any

FACES = ("chat", "messages", "responses")
URL, KEY = os.environ["GATEWAY_URL"], os.environ["GATEWAY_KEY"]
NAME, ABOUT = "read_file", "Reads a file."
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"path": {"type": "string"}},
    "required": ["path"],
    "additionalProperties": False,
}
MOST_ROUNDS = 5


def wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("face", choices=FACES)
    parser.add_argument("model")
    parser.add_argument("ask")
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--tools", action="store_true")
    return parser.parse_args()


def read_file(path: str) -> str:
    return os.environ["CONTENT"] if path == os.environ["FILE"] else f"There is no {path}."
