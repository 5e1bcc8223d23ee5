import pytest

from routing import clients
from routing.providers.http import PlainTransport
from routing.providers.transport import FastTransport


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
