from io import BytesIO

import pytest
from django.core.handlers.asgi import ASGIRequest

from smartgateway.api.incoming import Incoming

LEFT_OUT = {"REMOTE_HOST", "REMOTE_PORT", "wsgi.multithread", "wsgi.multiprocess"}


def scope(*headers, **changes):
    return {
        "type": "http",
        "method": "POST",
        "path": "/v1/chat/completions",
        "query_string": b"beta=true",
        "headers": list(headers),
        "client": ("10.0.0.7", 50_000),
        "server": ("127.0.0.1", 8000),
        **changes,
    }


@pytest.mark.parametrize(
    "sent",
    [
        pytest.param(scope((b"content-type", b"application/json"), (b"content-length", b"2")), id="plain"),
        pytest.param(scope((b"content-type", b"text/plain; charset=latin-1")), id="a charset"),
        pytest.param(scope((b"x-tag", b"a"), (b"x-tag", b"b")), id="a header twice"),
        pytest.param(scope((b"x_api_key", b"passes for another"), (b"x-api-key", b"own")), id="an underscore"),
        pytest.param(scope((b"x-name", b"Jos\xe9")), id="latin-1"),
        pytest.param(scope(client=None, server=None), id="a socket without addresses"),
    ],
)
def test_a_request_says_of_itself_what_djangos_own_would(sent):
    theirs = ASGIRequest(sent, BytesIO())

    ours = Incoming(sent)

    assert {name: value for name, value in theirs.META.items() if name not in LEFT_OUT} == ours.META
    assert (ours.method, ours.path, ours.content_type) == (theirs.method, theirs.path, theirs.content_type)
    assert (ours.content_params, ours.GET, ours.headers) == (theirs.content_params, theirs.GET, theirs.headers)
    assert ours.encoding == (theirs.encoding or "utf-8")
