"""What a refusal looks like, how soon it comes, and how large the gateway became."""

from pathlib import Path

PATIENCE_SECONDS = 30  # says that something hangs, not how fast the machine is
HIGHEST_MB = 1_000  # a body decoded, and what many at once may hold: `MAX_BYTES_IN_FLIGHT` and room to grow
PROMPT_SECONDS = 1.0
TRIES = 5  # the machine may be busy with other things


def check_refusal(path, response, *statuses):
    assert response.status_code in (statuses or range(400, 500)), response.text[:500]
    check_shape(path, response)


def check_prompt_refusal(client, path, *statuses, **sent):
    """A second is for the best of a few."""
    waits = []
    while not waits or (min(waits) >= PROMPT_SECONDS and len(waits) < TRIES):
        response = client.post(path, **sent)
        waits.append(response.elapsed.total_seconds())
        check_refusal(path, response, *statuses)
    assert min(waits) < PROMPT_SECONDS
    return response


def check_shape(path, response):
    body = response.json()
    if path.startswith("/v1/messages"):
        assert body["type"] == "error"
        assert {"type", "message"} <= body["error"].keys()
    else:
        assert body["error"].keys() == {"message", "type", "param", "code"}
    assert len(response.content) < 5_000


def highest_mb(served):
    """The most memory that the serving process ever had."""
    status = Path(f"/proc/{served.part('worker')}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
