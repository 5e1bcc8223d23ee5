import socket

import pytest

from smartgateway.local.listening import CannotListenError, listen


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_it_listens_where_it_is_told(host):
    with listen(host, 0) as listener:
        port = listener.getsockname()[1]

        with socket.create_connection((host, port), timeout=2) as client:
            assert client.getpeername()[1] == port


def test_a_busy_port_is_one_sentence():
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]

        with pytest.raises(CannotListenError, match=rf"^127\.0\.0\.1:{port} is in use: .* another PORT\.$"):
            listen("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "port", "sentence"),
    [
        pytest.param("no such host", 0, "HOST is 'no such host', which is no address", id="no address"),
        pytest.param("192.0.2.1", 0, "not an address of this machine: change HOST", id="another machine"),
        pytest.param("127.0.0.1", 70_000, "PORT is 70000", id="no port"),
    ],
)
def test_an_impossible_place_is_one_sentence(host, port, sentence):
    with pytest.raises(CannotListenError, match=sentence):
        listen(host, port)
