"""The listening socket that the serving processes share."""

import errno
import socket

REASONS = {
    errno.EADDRINUSE: "is in use: stop what runs there, or choose another PORT",
    errno.EADDRNOTAVAIL: "is not an address of this machine: change HOST",
    errno.EACCES: "needs root's rights: choose a PORT above 1023",
}


class CannotListenError(Exception):
    """One sentence for whoever started it."""


def listen(host: str, port: int) -> socket.socket:
    if port > 65_535:
        raise CannotListenError(f"PORT is {port}: use a number from 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError) as error:
        raise CannotListenError(f"HOST is {host!r}, which is no address: use 127.0.0.1 or 0.0.0.0.") from error
    listener = socket.socket(family, kind, protocol)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        reason = REASONS.get(error.errno or 0, f"cannot be opened: {error.strerror}")
        raise CannotListenError(f"{host}:{port} {reason}.") from error
    return listener
