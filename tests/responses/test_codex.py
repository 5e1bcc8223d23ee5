"""Codex, whose tools are freeform and shells."""

from tests.responses.answer import READ, Answer, upstream

PATCH = {
    "type": "custom",
    "name": "apply_patch",
    "description": "Edits files.",
    "format": {"type": "grammar", "syntax": "lark", "definition": "start: /.+/"},
}
CODEX = {
    "model": "gpt-5.5-codex",
    "instructions": "You are a coding agent running in the Codex CLI.",
    "input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "Sandbox: read-only."}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<environment_context/>"}]},
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": False,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "store": False,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "0199c2f0-3b5e-7a21-9d0e-1a2b3c4d5e6f",
    "text": {"verbosity": "medium"},
    "tools": [READ, PATCH, {"type": "local_shell"}, {"type": "web_search", "external_web_access": False}],
}


def codex(text, *more):
    said = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
    return {**CODEX, "input": [*CODEX["input"], said, *more]}


def test_codex_calls_its_freeform_and_shell_tools_in_their_own_form(client):
    text = '[[call:apply_patch {"input": "*** Begin"}]] [[call:local_shell {"command": ["ls", "-l"]}]]'

    answer = Answer(client, True, **codex(text))

    [patch], [shell] = answer.of("custom_tool_call"), answer.of("local_shell_call")
    assert (patch.name, patch.input) == ("apply_patch", "*** Begin")
    assert shell.action.command == ["ls", "-l"]
    assert {"include", "tools.web_search"} <= set(answer.headers["x-smartgateway-dropped-params"].split(","))


def test_codex_goes_on_after_its_tools(client, world):
    more = [
        {"type": "reasoning", "summary": [], "encrypted_content": "gAAAA"},
        {"type": "custom_tool_call", "call_id": "call_1", "name": "apply_patch", "input": "*** Begin"},
        {"type": "custom_tool_call_output", "call_id": "call_1", "output": "Done [[say:patched]]"},
    ]

    answer = Answer(client, True, **codex("Patch it.", *more))

    assert answer.response.output_text == "patched"
    assert answer.headers["x-smartgateway-tier"] != "local"
    assert "input.reasoning" in answer.headers["x-smartgateway-dropped-params"]
    sent = upstream(world, "sonnet")
    assert sent["system"][0]["text"].endswith("Codex CLI.\n\nSandbox: read-only.")
    assert sent["messages"][1]["content"][0]["input"] == {"input": "*** Begin"}
