"""A key is known, or not, whichever header it stands in."""

import httpx
import pytest

from tests.bad_input.bodies import BODIES
from tests.bad_input.refusals import PATIENCE_SECONDS
from tests.gateway import KEY


@pytest.mark.parametrize("path", [*BODIES, "/v1/models", "/v1/models/auto", "/v1/decisions"])
@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
def test_the_key_is_read_from_either_header_on_every_endpoint(served, path, header):
    def asked(key):
        headers = {header: f"Bearer {key}" if header == "authorization" else key}
        method = "POST" if path in BODIES else "GET"
        return httpx.request(
            method, served.url + path, json=BODIES.get(path), headers=headers, timeout=PATIENCE_SECONDS
        )

    assert (asked(KEY).status_code, asked("sk-sg-unknown").status_code) == (200, 401)
