"""Takes the pictures of the documents, over a synthetic history: `python -m bench.screenshots [--all FOLDER]`.

Without options it renews docs/images/dashboard.png; with a folder it puts every page there, narrow and wide, by day
and by night, to be looked at.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from bench.processes import ROOT, free_port, wait_for_port

PICTURE = ROOT / "docs" / "images" / "dashboard.png"
PASSWORD = "a-password-for-pictures"
PAGES = {
    "overview": "/dashboard/?period=month",
    "filtered": "/dashboard/?period=week&team=-1&tag=review",
    "statement": "/dashboard/statement/",
    "decisions": "/dashboard/decisions/",
    "failed": "/dashboard/decisions/?status=failed",
    "nothing": "/dashboard/?from=2020-01-01&to=2020-01-02",
}
SIZES = {"narrow": 360, "wide": 1600}


def main() -> None:
    options = arguments()
    with tempfile.TemporaryDirectory(prefix="smartgateway-pictures-") as name, gateway(Path(name)) as address:
        if options.all:
            everything(address, options.all)
        else:
            with page_of(address, 1280, "light", height=1080) as page:
                page.goto(f"{address}/dashboard/?period=month")
                settled(page)
                page.screenshot(path=PICTURE)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.screenshots", description=__doc__)
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="every page at two widths, light and dark")
    return parser.parse_args()


@contextmanager
def gateway(folder: Path) -> Iterator[str]:
    """A site with a month of synthetic requests."""
    port = free_port()
    environment = {
        **os.environ,
        "READ_DOT_ENV": "0",
        "SECRET_KEY": "for-pictures-only",
        "AUDIT_CHAIN_KEY": "for-pictures-only",
        "DATABASE_URL": f"sqlite:///{folder / 'pictures.sqlite3'}",
        "AUDIT_JOURNAL_DIR": str(folder / "journal"),
        "BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
        "LOG_LEVEL": "ERROR",
    }
    seed = ["seed_history", "--days", "62", "--per-day", "1200"]
    build = ["shell", "-v0", "-c", "from audit.reports import rebuild_todays_report as build; build()"]  # as the worker
    for command in (["migrate", "-v0"], ["bootstrap"], seed, build):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
        )
    serve = [sys.executable, "-m", "uvicorn", "smartgateway.asgi:application", "--port", str(port), "--log-level=error"]
    server = subprocess.Popen(serve, cwd=ROOT, env=environment)
    try:
        wait_for_port(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(30)


@contextmanager
def page_of(address: str, width: int, scheme: str, *, height: int = 900) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
        page.goto(f"{address}/dashboard/")
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        yield page
        browser.close()


def everything(address: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for size, width in SIZES.items():
        for scheme in ("light", "dark"):
            with page_of(address, width, scheme) as page:
                for name, path in PAGES.items():
                    page.goto(address + path)
                    settled(page)
                    page.screenshot(path=folder / f"{name}-{size}-{scheme}.png", full_page=True)
                page.goto(f"{address}/dashboard/decisions/")
                page.goto(address + str(page.locator(".time a").first.get_attribute("href")))
                page.screenshot(path=folder / f"decision-{size}-{scheme}.png", full_page=True)


def settled(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(600)  # charts move for a quarter of a second


if __name__ == "__main__":
    main()
