"""One serving process, on a listening socket that is handed down: `python -m smartgateway.local.worker FD`."""

import socket
import sys
import warnings

import uvicorn

DRAIN_SECONDS = 25
KEEP_ALIVE_SECONDS = 75  # longer than the idle time-out of usual load balancers, which else meet closed connections


def main() -> None:
    warnings.filterwarnings("ignore", "No directory at", UserWarning)  # WhiteNoise, before the first collectstatic
    warnings.filterwarnings("ignore", "StreamingHttpResponse must consume synchronous", Warning)  # its files
    config = uvicorn.Config(
        "smartgateway.asgi:application",
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        backlog=2048,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])


if __name__ == "__main__":
    main()
