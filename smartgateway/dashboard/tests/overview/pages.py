"""The pages of figures and their text."""

from django.urls import reverse

ADDRESS = reverse("dashboard:overview")
PAGES = ["overview", "statement", "export"]


def text(response):
    return " ".join(response.content.decode().split())
