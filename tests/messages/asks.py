"""Asks of the Messages face, of the official client and by hand."""

import httpx

from tests.gateway import KEY

TOOL = {
    "name": "read_file",
    "description": "Read a file",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
SERVERS = ["sonnet", "local"]


def said(text):
    return [{"role": "user", "content": text}]


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def post(served, path="/v1/messages", headers=None, **body):
    content = {"model": "sonnet", "max_tokens": 5_000, "messages": said("[[say:hello]]"), **body}
    given = {"authorization": f"Bearer {KEY}", **(headers or {})}
    return httpx.post(f"{served.url}{path}", headers=given, json=content, timeout=30)
