"""An answer of the Responses face, as the official client reads it, and what its upstream was sent."""

import httpx
import pydantic
import pytest
from openai.types.responses import Response, ResponseStreamEvent

EITHER_WAY = pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
READ = {
    "type": "function",
    "name": "read_file",
    "description": "Read a file",
    "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
EVENT = pydantic.TypeAdapter(ResponseStreamEvent)


class Answer:
    """A response, however it came; every event of a stream is checked against the client's own types."""

    def __init__(self, client, is_stream, **request):
        raw = client.responses.with_raw_response.create(stream=is_stream, **request)
        self.headers = raw.headers
        self.events = []
        if is_stream:
            self.events = list(raw.parse())
            for event in self.events:
                EVENT.validate_json(event.to_json(), strict=True)
            self.response = self.events[-1].response
        else:
            self.response = raw.parse()
        Response.model_validate_json(self.response.to_json(), strict=True)

    @property
    def items(self):
        return self.response.output

    def of(self, kind):
        return [item for item in self.items if item.type == kind]


def upstream(world, model):
    """The newest body that an upstream was sent."""
    front = world.behind(model)
    bodies = [seen["body"] for seen in requests_of(front.url) if seen.get("body")]
    assert all(seen["complaint"] is None for seen in requests_of(front.url)[-1:])
    return bodies[-1]


def requests_of(url):
    return httpx.get(f"{url}/double/requests", timeout=10).json()
