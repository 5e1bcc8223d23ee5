"""Parts of an indoor message to content blocks."""

from collections.abc import Mapping
from typing import Any

from routing.providers import indoors
from routing.providers.indoors import rejected

Block = dict[str, Any]
MEDIA_TYPES = {"/9j/": "image/jpeg", "iVBOR": "image/png", "R0lGOD": "image/gif", "UklGR": "image/webp"}
MOST_MARKERS = 4


class Markers:
    """The cache markers that a client set, as many as the API takes."""

    def __init__(self) -> None:
        self.count = 0
        self.are_lost = False

    def of(self, part: Mapping[str, Any]) -> dict[str, Any]:
        marker = part.get("cache_control")
        if marker is None:
            return {}
        if not isinstance(marker, dict) or marker.get("type") != "ephemeral" or self.count == MOST_MARKERS:
            self.are_lost = True
            return {}
        self.count += 1
        ttl = {"ttl": marker["ttl"]} if marker.get("ttl") in ("5m", "1h") else {}
        return {"cache_control": {"type": "ephemeral", **ttl}}


def blocks_of(content: object, markers: Markers) -> list[Block]:
    """Empty text is left out: the API refuses it."""
    blocks = []
    for part in indoors.parts_of(content):
        text = indoors.text_of_part(part)
        if text is None:
            blocks.append({**media_block(part), **markers.of(part)})
        elif text.strip():
            blocks.append({"type": "text", "text": text, **markers.of(part)})
    return blocks


def text_blocks(content: object, markers: Markers) -> list[Block]:
    blocks = blocks_of(content, markers)
    if any(block["type"] != "text" for block in blocks):
        raise rejected("only text is possible in system and assistant messages")
    return blocks


def media_block(part: Mapping[str, Any]) -> Block:
    if (address := indoors.image_url(part)) is not None:
        return {"type": "image", "source": image_source(address)}
    file = part.get("file")
    data = file.get("file_data") if isinstance(file, dict) else None
    if isinstance(data, str) and data.startswith("data:application/pdf;base64,"):
        source = {"type": "base64", "media_type": "application/pdf", "data": data.partition(",")[2]}
        return {"type": "document", "source": source}
    raise rejected(f"Claude takes text, images and PDF files, not {part.get('type')!r}")


def image_source(address: str) -> dict[str, str]:
    """The media type is read from the bytes: one that contradicts them is refused."""
    if not address.startswith("data:"):
        return {"type": "url", "url": address}
    head, _, data = address.partition(",")
    media_type = next((kind for start, kind in MEDIA_TYPES.items() if data.startswith(start)), None)
    if not head.endswith(";base64") or media_type is None:
        raise rejected("an image must be JPEG, PNG, GIF or WebP, in base64")
    return {"type": "base64", "media_type": media_type, "data": data}
