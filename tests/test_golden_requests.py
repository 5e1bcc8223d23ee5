"""What upstreams are sent for what clients really send.

`goldens/requests/CLIENT/request.json` is a client's request, its texts shortened;
beside it lies what of it goes to each provider, with what the client is told was left out.
"""

import json

import pytest

from tests.golden import GOLDENS, MODELS, check, stable, upstreams

CLIENTS = sorted(path.parent.name for path in (GOLDENS / "requests").glob("*/request.json"))
TOLD = ("anthropic-version", "anthropic-beta", "authorization", "x-api-key", "x-stainless-lang", "x-app")
DROPPED = "x-smartgateway-dropped-params"
ANSWERS = {
    ("anthropic", True): (
        ".sse",
        b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message",'
        b'"role":"assistant","model":"claude-sonnet-5-5","content":[],"stop_reason":null,"stop_sequence":null,'
        b'"usage":{"input_tokens":1,"output_tokens":1}}}\n\nevent: message_delta\ndata: {"type":"message_delta",'
        b'"delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":1}}\n\n'
        b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
    ),
    ("anthropic", False): (
        ".json",
        b'{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[{"type":"text",'
        b'"text":"Hi"}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}',
    ),
    ("openai_compatible", True): (
        ".sse",
        b'data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"qwen","choices":[{"index":0,'
        b'"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n',
    ),
    ("openai_compatible", False): (
        ".json",
        b'{"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"qwen","choices":[{"index":0,"message":'
        b'{"role":"assistant","content":"Hi"},"finish_reason":"stop"}]}',
    ),
}
OLLAMAS = (".ndjson", b'{"model":"qwen","message":{"role":"assistant","content":"Hi"},"done":true,"eval_count":1}\n')


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with upstreams(tmp_path_factory.mktemp("goldens")) as served:
        yield served


def recorded_for(provider, body):
    """An answer of the kind that was asked for; Claude is asked for a stream where the answer may be long."""
    limit = body.get("max_tokens") or body.get("max_completion_tokens") or body.get("max_output_tokens") or 16_384
    is_stream = bool(body.get("stream")) or (provider == "anthropic" and limit + 2048 > 8192)
    return ANSWERS.get((provider, is_stream), OLLAMAS)


@pytest.mark.parametrize("provider", MODELS)
@pytest.mark.parametrize("client", CLIENTS)
def test_upstreams_are_sent_what_the_golden_files_show(served, client, provider, pytestconfig):
    given = json.loads((GOLDENS / "requests" / client / "request.json").read_text())
    upstream = served[provider]

    with upstream.double.recorded(*recorded_for(provider, given["body"])) as asked:
        body = {**given["body"], "model": upstream.model}
        answer = upstream.client.post(given["path"], headers=given["headers"], json=body)

    assert answer.status_code == 200, answer.text
    [seen] = asked
    headers = {name: seen["headers"][name] for name in TOLD if name in seen["headers"]}
    query = f"?{seen['query']}" if seen["query"] else ""
    sent = {"path": seen["path"] + query, "headers": headers, "body": seen["body"]}
    dropped = [name for name in answer.headers.get(DROPPED, "").split(",") if name]
    shown = json.dumps({**sent, DROPPED: dropped}, indent=2, ensure_ascii=False)
    golden = GOLDENS / "requests" / client / f"to-{provider}.json"
    check(golden, stable(shown.encode()) + b"\n", is_written=pytestconfig.getoption("--write-goldens"))
