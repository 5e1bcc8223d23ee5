"""A good body for each face, and what makes each of them a bad one."""

import json

from tests.gateway import KEY

MB = 2**20
HI = [{"role": "user", "content": "hi"}]
BODIES = {
    "/v1/chat/completions": {"model": "local", "messages": HI},
    "/v1/messages": {"model": "local", "max_tokens": 5, "messages": HI},
    "/v1/messages/count_tokens": {"model": "local", "messages": HI},
    "/v1/responses": {"model": "local", "input": "hi"},
    "/v1/completions": {"model": "local", "prompt": "hi"},
    "/v1/embeddings": {"model": "auto", "input": "hi"},
    "/v1/route": {"model": "auto", "messages": HI},
    "/chat": {"model": "local", "message": "hi"},
}
CONVERSATIONS = {
    "/v1/chat/completions": "messages",
    "/v1/messages": "messages",
    "/v1/messages/count_tokens": "messages",
    "/v1/responses": "input",
    "/v1/route": "messages",
}
JSON = {"content-type": "application/json"}
RAW_FAULTS = {
    "nothing": lambda body: b"",
    "half": lambda body: body[:-9],
    "null": lambda body: b"null",
    "a list": lambda body: b"[%b]" % body,
    "a number": lambda body: b"1e999",
    "a string": lambda body: b'"hi"',
    "no members": lambda body: b"{}",
    "a lone surrogate": lambda body: body.replace(b'"hi"', b'"\\ud800"'),
    "a raw NUL": lambda body: body.replace(b'"hi"', b'"h\x00i"'),
    "a NUL in the model's name": lambda body: body.replace(b'"model": "', b'"model": "\\u0000'),
    "not UTF-8": lambda body: body.replace(b'"hi"', b'"\xff\xfe"'),
    "deep": lambda body: with_member(body, b"[" * 100_000 + b"]" * 100_000),
    "deep members": lambda body: with_member(body, b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    "two objects": lambda body: body + body,
    "many small values": lambda body: with_member(body, b"[" + b"{}," * (4 * MB) + b"{}]"),
    "many strings": lambda body: with_member(body, b"[" + b'"",' * (4 * MB) + b'""]'),
    "many members": lambda body: with_member(body, b"{" + b",".join(b'"%d":1' % n for n in range(500_000)) + b"}"),
}  # each made of a body that is good but for this


def with_member(body, value):
    return body[:-1] + b', "x": ' + value + b"}"


def faulty(path, fault):
    return RAW_FAULTS[fault](json.dumps(BODIES[path]).encode())


def head_of(path, *fields):
    names = (b"host: x", b"x-api-key: " + KEY.encode(), b"content-type: application/json", *fields)
    return b"POST %s HTTP/1.1\r\n" % path.encode() + b"\r\n".join(names) + b"\r\n\r\n"
