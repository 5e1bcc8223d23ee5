"""The admin's forms, as a browser would send them back."""

import re

from routing.models import Threshold
from routing.tests.admin.pages import text


def opus_threshold():
    return Threshold.objects.get(name="opus_score_threshold")


def form_of(client, address):
    """What the browser would send back of a page, unchanged."""
    found = re.findall(r"<input[^>]*>", text(client.get(address)))
    fields = [(re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag), tag) for tag in found]
    return {
        name[1]: value[1] if value else "on" * ('type="checkbox"' in tag)
        for name, value, tag in fields
        if name
        and not ('type="checkbox"' in tag and not re.search(r"\schecked[\s>]", tag))
        and not name[1].startswith("_")
    }


def row_of(form, row):
    """The place of a row in the form of its list."""
    return next(key.removesuffix("-id") for key, value in form.items() if key.endswith("-id") and value == str(row.pk))
