"""The worked example of docs/savings.md: its own arithmetic, and the gateway's for the same answer."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from django.conf import settings

from routing import prices
from routing.engine.types import LocalModel, RoutingRequest, Surroundings, Usage, Verdict
from routing.prices import DatedPrice, PriceBook, book_of
from routing.prices.defaults import shipped_rows
from routing.route import route_request
from smartgateway.completions import costs, savings
from smartgateway.completions.fallback import Candidate
from smartgateway.completions.savings import Served

PAGE = (settings.BASE_DIR / "docs" / "savings.md").read_text()
LOCAL = Candidate("local", "local", "qwen2.5-coder:14b-instruct")


def number(cell):
    return Decimal(cell.replace(",", ""))


def table(title):
    """The cells of the rows below the table's head, by their first cell."""
    head = next(line for line in PAGE.splitlines() if line.startswith(f"| {title} |"))
    body = PAGE.split(head, 1)[1].lstrip("\n").split("\n\n", 1)[0].splitlines()[1:]
    rows = [[cell.strip() for cell in re.split(r"\s*\|\s*", line.strip("| "))] for line in body]
    return {name: cells for name, *cells in rows}


def together(title):
    return number(table(title)["together"][-1])


@pytest.fixture
def book(monkeypatch):
    shipped = book_of(shipped_rows()).prices
    free = shipped["local", "*"][0]
    paid = DatedPrice(replace(free.price, per_hour=Decimal("0.18")), 1, free.valid_from, None)
    book = PriceBook({**shipped, ("local", "*"): (paid,)})
    monkeypatch.setattr(prices, "current", lambda: book)
    return book


@pytest.fixture
async def routed(default_policy):
    roles = ("user", "assistant", "user")
    texts = ("a" * 400, "b" * 400, "c" * 200)
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=True)]
    surroundings = Surroundings(local=LocalModel(LOCAL.model, loaded=True, context_tokens=16_384, tools=True))
    routed = await route_request(
        RoutingRequest(messages=messages, requested_model="auto"),
        policy=default_policy,
        surroundings=surroundings,
        ask_classifier=False,
    )
    verdict = Verdict(None, model=LOCAL.model, latency_ms=600.0, input_tokens=420, output_tokens=18)
    return routed._replace(verdict=verdict)


@pytest.mark.parametrize(
    ("title", "unit"),
    [("low end: as requested", 1_000_000), ("high end: as requested", 1_000_000), ("spent", 3_600)],
)
def test_each_line_of_the_example_is_what_it_multiplies_and_each_sum_its_lines(title, unit):
    rows = table(title)
    lines = [cells for name, cells in rows.items() if name != "together"]

    for count, price, dollars in lines:
        assert number(count) * number(price) / unit == number(dollars)
    assert sum(number(dollars) for _, _, dollars in lines) == together(title)


def test_what_the_example_saved_is_its_baseline_without_what_it_spent():
    saved = {name: number(dollars) for name, [dollars] in table("saved").items()}

    assert saved["at least (headline)"] == together("low end: as requested") - together("spent")
    assert saved["at most"] == together("high end: as requested") - together("spent")


async def test_the_gateway_reckons_the_example_the_same(routed, book):
    usage = Usage(fresh_input_tokens=4_000, output_tokens=300)
    cost, _ = savings.cost("local", LOCAL.model, usage, 6.0)
    spent = cost + Decimal(costs.classifier_cost(routed))

    found = savings.baselines(routed, Served(LOCAL, usage, 6.0, cost))

    assert found.requested == together("low end: as requested")
    assert found.requested_high == together("high end: as requested")
    assert spent == together("spent")
