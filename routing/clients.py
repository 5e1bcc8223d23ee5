"""Opens what the settings name: transport, headers and dialect of each side."""

import urllib.request
from dataclasses import dataclass

import httpx
from django.conf import settings

from routing.capabilities.anthropic import AnthropicScout
from routing.capabilities.ollama import OllamaScout
from routing.capabilities.openai_compatible import OpenAICompatibleScout
from routing.capabilities.server import Scout
from routing.providers import anthropic
from routing.providers.base import Provider
from routing.providers.http import PlainTransport, Upstream
from routing.providers.ollama import Ollama
from routing.providers.openai_compatible import OpenAICompatible
from routing.providers.transport import FastTransport

LIMITS = httpx.Limits(max_connections=10_000, max_keepalive_connections=200, keepalive_expiry=30.0)


@dataclass(frozen=True, slots=True)
class Local:
    provider: Provider
    scout: Scout


@dataclass(frozen=True, slots=True)
class Claude:
    provider: Provider
    scout: AnthropicScout


def open_anthropic() -> Claude | None:
    if not settings.ANTHROPIC_API_KEY:
        return None
    upstream = Upstream(
        transport(settings.ANTHROPIC_BASE_URL),
        settings.ANTHROPIC_BASE_URL,
        label="Claude's API",
        headers=claude_headers(),
    )
    return Claude(anthropic.Anthropic(upstream), AnthropicScout(upstream.for_looks()))


def open_local() -> Local | None:
    if not settings.LOCAL_LLM_BASE_URL:
        return None
    upstream = Upstream(
        transport(settings.LOCAL_LLM_BASE_URL),
        settings.LOCAL_LLM_BASE_URL,
        label="the local model server",
        headers=local_headers(),
    )
    if settings.LOCAL_LLM_KIND == "openai_compatible":
        known = OpenAICompatibleScout(upstream.for_looks())
        server = OpenAICompatible(
            upstream,
            infills=lambda: known.is_llama_cpp,
            window=lambda model: None if known.is_llama_cpp else known.window(model),  # it refuses no limit
        )
        return Local(server, known)
    scout = OllamaScout(upstream.for_looks(), num_ctx=settings.LOCAL_NUM_CTX)
    ollama = Ollama(
        upstream,
        num_ctx=settings.LOCAL_NUM_CTX,
        keep_alive=settings.LOCAL_KEEP_ALIVE,
        thinks=scout.thinks,
        sees=scout.sees,
        counts_whole=scout.counts_whole,
    )
    return Local(ollama, scout)


def claude_headers() -> dict[str, str]:
    """A user in ANTHROPIC_BASE_URL is for a proxy in front of it: Claude's own key stands in another header."""
    user = settings.ANTHROPIC_BASIC_AUTH
    return anthropic.headers(settings.ANTHROPIC_API_KEY) | ({"authorization": user} if user else {})


def local_headers() -> dict[str, str]:
    """Key or user and Cloudflare Access tokens go to the local host only, on every request."""
    headers = {}
    if settings.LOCAL_LLM_API_KEY:
        headers["authorization"] = f"Bearer {settings.LOCAL_LLM_API_KEY}"
    elif settings.LOCAL_LLM_BASIC_AUTH:
        headers["authorization"] = settings.LOCAL_LLM_BASIC_AUTH
    if settings.LOCAL_CF_ACCESS_CLIENT_ID:
        headers["cf-access-client-id"] = settings.LOCAL_CF_ACCESS_CLIENT_ID
        headers["cf-access-client-secret"] = settings.LOCAL_CF_ACCESS_CLIENT_SECRET
    return headers


def transport(base_url: str) -> httpx.AsyncBaseTransport:
    """The fast one speaks to origins directly; httpx's own also through the platform's proxy."""
    if settings.UPSTREAM_TRANSPORT == "fast":
        return FastTransport(limits=LIMITS)
    return PlainTransport(limits=LIMITS, proxy=proxy_for(base_url))


def proxy_for(base_url: str) -> str | None:
    """The platform's proxy for this address, as every other program there would use it."""
    url = httpx.URL(base_url)
    if urllib.request.proxy_bypass(url.host):
        return None
    return urllib.request.getproxies().get(url.scheme)
