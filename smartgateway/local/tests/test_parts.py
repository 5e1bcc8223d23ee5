import socket
from pathlib import Path

from smartgateway.local.parts import parts
from smartgateway.local.surroundings import Found


def test_worker_and_beat_leave_the_machine_to_the_web_until_it_answers(settings):
    settings.REDIS_URL = "redis://redis"
    with socket.socket() as listener:
        made = parts(Found(), listener, Path("valkey.sock"))

    assert {part.name: part.after for part in made} == {"web": (), "worker": ("web",), "beat": ("web",)}
