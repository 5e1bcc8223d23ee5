"""How the admin looks: its name and its colours. The pages' own colours are in `static/dashboard/`."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy

# Slate with a breath of green, and one deep teal: quiet by day and by night
BASE = {
    "50": "oklch(98.4% .003 180)",
    "100": "oklch(96.6% .004 180)",
    "200": "oklch(92.6% .006 185)",
    "300": "oklch(86.8% .009 190)",
    "400": "oklch(70.6% .015 195)",
    "500": "oklch(54.8% .018 200)",
    "600": "oklch(44.2% .018 205)",
    "700": "oklch(36.6% .019 210)",
    "800": "oklch(27.4% .018 215)",
    "900": "oklch(20.6% .016 220)",
    "950": "oklch(14.5% .013 220)",
}
PRIMARY = {
    "50": "oklch(97.6% .016 180)",
    "100": "oklch(94.4% .034 180)",
    "200": "oklch(89.2% .06 181)",
    "300": "oklch(82.4% .085 182)",
    "400": "oklch(73.6% .1 183)",
    "500": "oklch(62.6% .098 185)",
    "600": "oklch(51.8% .086 187)",
    "700": "oklch(43.8% .072 189)",
    "800": "oklch(37.2% .058 191)",
    "900": "oklch(32.0% .047 193)",
    "950": "oklch(23.0% .036 195)",
}

ADMIN: dict[str, Any] = {
    "SITE_TITLE": "SmartGateway",
    "SITE_HEADER": "SmartGateway",
    "SITE_SUBHEADER": "Policy, record and people",
    "SITE_URL": reverse_lazy("dashboard:overview"),
    "SITE_ICON": lambda request: static("dashboard/mark.svg"),
    "SITE_FAVICONS": [
        {"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("dashboard/mark.svg")},
    ],
    "STYLES": [lambda request: static("dashboard/admin.css")],
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "8px",
    "COLORS": {"base": BASE, "primary": PRIMARY},
    "SIDEBAR": {
        "show_search": True,
        "show_all_applications": False,
        "navigation": "smartgateway.dashboard.navigation.sidebar",
    },
}
