import httpx
import pytest

from routing import clients, connections
from routing.breakers import forget as forget_breakers
from routing.tests.connections.servers import CLAUDE_HOST, LOCAL_HOST


@pytest.fixture
async def connect(settings, monkeypatch):
    """Opens connections over handlers by host."""
    forget_breakers()
    settings.LOCAL_LLM_BASE_URL = settings.ANTHROPIC_API_KEY = ""
    settings.LOCAL_LLM_DEFAULT_MODEL = settings.ROUTING_CLASSIFIER_MODEL = "qwen2.5-coder:14b-instruct"
    await connections.aclose()

    def connect(local=None, claude=None, kind="ollama", **values):
        handlers = {LOCAL_HOST: local, CLAUDE_HOST: claude}
        monkeypatch.setattr(clients, "transport", lambda url: httpx.MockTransport(handlers[httpx.URL(url).host]))
        settings.LOCAL_LLM_KIND = kind
        settings.LOCAL_LLM_BASE_URL = f"http://{LOCAL_HOST}" if local else ""
        settings.ANTHROPIC_API_KEY = "sk-ant-test" if claude else ""
        settings.ANTHROPIC_BASE_URL = f"http://{CLAUDE_HOST}"
        for name, value in values.items():
            setattr(settings, name, value)

    yield connect
    await connections.aclose()
    forget_breakers()
