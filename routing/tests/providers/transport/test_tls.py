"""Certificates are verified unless the caller hands in a context that says otherwise."""

import ssl
import subprocess
import time

import httpx
import pytest

from routing.tests.providers.transport.conftest import MAKERS
from routing.tests.providers.transport.hostile import OK, answering, post, send, serving
from routing.tests.providers.transport.test_streams import PROMPT_SECONDS, Endless


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Self-signed for 127.0.0.1: (certificate, key)."""
    folder = tmp_path_factory.mktemp("tls")
    paths = folder / "certificate.pem", folder / "key.pem"
    subject = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command = ["openssl", "req", "-x509", *curve, *subject, "-out", paths[0], "-keyout", paths[1]]
    subprocess.run(command, check=True, capture_output=True)
    return paths


@pytest.fixture
def server_tls(certificate):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@pytest.fixture
def trusting(certificate):
    return ssl.create_default_context(cafile=certificate[0])


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
async def test_a_certificate_that_cannot_be_verified_is_a_connect_error(make, server_tls):
    async with make() as transport, serving(answering(OK), ssl=server_tls) as server:
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            await send(transport, server)

    assert server.requests == []


async def test_a_certificate_for_another_name_is_a_connect_error(make_transport, server_tls, trusting):
    async with make_transport(verify=trusting) as transport, serving(answering(OK), ssl=server_tls) as server:
        request = httpx.Request("GET", f"https://localhost:{server.port}/", extensions=post(server).extensions)
        with pytest.raises(httpx.ConnectError, match=r"(?i)certificate"):
            await transport.handle_async_request(request)

    assert server.requests == []


async def test_plain_text_in_place_of_a_handshake_is_a_connect_error(transport):
    async def handler(server, reader, writer):
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await reader.read()

    async with serving(handler) as server:
        server.scheme = "https"
        with pytest.raises(httpx.ConnectError):
            await send(transport, server)


async def test_a_trusted_peer_is_served_over_a_kept_connection(make_transport, server_tls, trusting):
    spoken = []

    async def handler(server, reader, writer):
        spoken.append(writer.get_extra_info("ssl_object").selected_alpn_protocol())
        await answering(OK)(server, reader, writer)

    async with make_transport(verify=trusting) as transport, serving(handler, ssl=server_tls) as server:
        contents = [(await send(transport, server, b"x" * 300_000)).content for _ in range(3)]

    assert (contents, spoken) == ([b"ok"] * 3, ["http/1.1"])


async def test_a_large_answer_arrives_whole(make_transport, server_tls, trusting):
    large = b"HTTP/1.1 200 OK\r\ncontent-length: 3000000\r\n\r\n" + b"0123456789" * 300_000
    async with make_transport(verify=trusting) as transport, serving(answering(large), ssl=server_tls) as server:
        response = await send(transport, server)

    assert response.content == b"0123456789" * 300_000


async def test_the_peer_notices_a_reader_that_closes(make_transport, server_tls, trusting):
    handler = Endless()
    async with make_transport(verify=trusting) as transport, serving(handler, ssl=server_tls) as server:
        response = await transport.handle_async_request(post(server))
        await response.aclose()

        assert await handler.noticed_since(time.monotonic()) < PROMPT_SECONDS


async def test_verification_can_be_switched_off(make_transport, server_tls):
    async with make_transport(verify=False) as transport, serving(answering(OK), ssl=server_tls) as server:
        response = await send(transport, server)

    assert response.content == b"ok"
