import asyncio
from base64 import b64encode
from contextlib import asynccontextmanager

import pytest

from routing import clients
from routing.providers.base import ProviderError
from routing.providers.http import PlainTransport, secrets_in
from routing.providers.transport import FastTransport

BASIC = f"Basic {b64encode(b'me:pass').decode()}"


@asynccontextmanager
async def listening():
    """A server that keeps the heads it is sent, and has nothing to say."""
    heads = []

    async def handle(reader, writer):
        heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(b"HTTP/1.1 500 Oh no\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", heads


@pytest.mark.parametrize(("name", "expected"), [("fast", FastTransport), ("httpx", PlainTransport)])
async def test_the_setting_chooses_the_transport(settings, name, expected):
    settings.UPSTREAM_TRANSPORT = name

    transport = clients.transport("http://upstream.test")

    assert type(transport) is expected
    await transport.aclose()


@pytest.mark.parametrize(
    ("address", "proxy"),
    [
        ("https://api.anthropic.com", "http://proxy.test:3128"),
        ("http://localhost:11434", None),
        ("http://ollama.lan", None),
    ],
)
def test_the_platforms_proxy_is_used_where_it_is_meant_to_be(monkeypatch, address, proxy):
    monkeypatch.setenv("https_proxy", "http://proxy.test:3128")
    monkeypatch.setenv("no_proxy", "localhost,.lan")
    monkeypatch.delenv("http_proxy", raising=False)

    assert clients.proxy_for(address) == proxy


@pytest.mark.parametrize("transport", ["fast", "httpx"])
@pytest.mark.parametrize(
    ("key", "sent"), [pytest.param("", BASIC, id="user"), pytest.param("a-key", "Bearer a-key", id="user and key")]
)
async def test_the_user_in_the_local_servers_address_is_sent_unless_a_key_is(settings, transport, key, sent):
    settings.UPSTREAM_TRANSPORT = transport
    settings.LOCAL_LLM_BASIC_AUTH, settings.LOCAL_LLM_API_KEY = BASIC, key

    async with listening() as (settings.LOCAL_LLM_BASE_URL, heads):
        local = clients.open_local()
        with pytest.raises(ProviderError):
            await local.scout.look("qwen")
        await local.provider.aclose()

    assert f"authorization: {sent}\r\n" in heads[0]
    assert heads[0].lower().count("authorization") == 1


@pytest.mark.parametrize("transport", ["fast", "httpx"])
async def test_a_proxy_before_claude_gets_its_user_beside_the_key(settings, transport):
    settings.UPSTREAM_TRANSPORT = transport
    settings.ANTHROPIC_BASIC_AUTH, settings.ANTHROPIC_API_KEY = BASIC, "sk-ant-test"

    async with listening() as (settings.ANTHROPIC_BASE_URL, heads):
        claude = clients.open_anthropic()
        await claude.scout.look()
        await claude.provider.aclose()

    assert f"authorization: {BASIC}\r\n" in heads[0]
    assert "x-api-key: sk-ant-test\r\n" in heads[0]


def test_of_a_user_the_password_and_the_header_are_secret_and_a_name_only_where_it_is_all_there_is():
    token = b64encode(b"token:").decode()

    assert set(secrets_in({"authorization": BASIC})) == {"pass", BASIC.removeprefix("Basic ")}
    assert set(secrets_in({"authorization": f"Basic {token}", "accept": "*/*"})) == {"token", token}
