"""Images and documents in Claude's form."""

import base64

import pytest

from routing.tests.providers.anthropic.asks import request_for, user


@pytest.mark.parametrize(
    ("start", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF0000WEBP", "image/webp"),
    ],
)
def test_an_image_has_the_media_type_of_its_bytes(start, media_type):
    address = "data:image/png;base64," + base64.b64encode(start).decode()

    body = request_for(user([{"type": "image_url", "image_url": {"url": address, "detail": "high"}}])).body

    assert body["messages"][0]["content"][0]["source"]["media_type"] == media_type


def test_an_image_by_address_is_fetched_by_claude():
    body = request_for(user([{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}])).body

    assert body["messages"][0]["content"][0]["source"] == {"type": "url", "url": "https://x.test/a.png"}


def test_a_pdf_is_a_document():
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}}

    body = request_for(user([file, {"type": "text", "text": "sum it up"}])).body

    assert body["messages"][0]["content"][0]["type"] == "document"
