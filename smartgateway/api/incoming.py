"""An ASGI scope as Django's request: the same META, made in one pass over the headers."""

from functools import lru_cache
from io import BytesIO
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

PLAIN = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
JSON = "application/json"


class Incoming(ASGIRequest):
    """What Django looks up in its settings for each request is looked up once, where the process starts."""

    _encoding = settings.DEFAULT_CHARSET

    def __init__(self, scope: dict[str, Any]) -> None:
        self.scope = scope
        self.path = self.path_info = path = scope["path"]
        self.method = method = scope["method"]
        self.META = meta = {
            "REQUEST_METHOD": method,
            "QUERY_STRING": scope.get("query_string", b"").decode(),
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
        }
        if client := scope.get("client"):
            meta["REMOTE_ADDR"] = client[0]
        meta["SERVER_NAME"], port = scope.get("server") or ("unknown", 0)
        meta["SERVER_PORT"] = str(port)
        for name, value in scope["headers"]:
            key = meta_name(name)
            if key in meta:
                meta[key] += "," + value.decode("latin-1")
            elif key:
                meta[key] = value.decode("latin-1")
        self.content_type, self.content_params = JSON, {}
        if meta.get("CONTENT_TYPE") != JSON:
            self._set_content_type_params(meta)  # type: ignore[attr-defined]  # not in the stubs
        self.resolver_match = None
        self._stream = BytesIO()
        self._read_started = self._post_parse_error = False


@lru_cache(maxsize=256)
def meta_name(name: bytes) -> str:
    """A header's name in META; "" for one with an underscore, which could pass for another."""
    if b"_" in name:
        return ""
    return PLAIN.get(name) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
