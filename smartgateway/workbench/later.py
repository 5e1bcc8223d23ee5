"""Work that a page hands to a worker; without a Redis it is done at once."""

AWAY = "Redis cannot be reached, so that no worker hears of it."


def later(task: str, **arguments: object) -> bool:
    """Whether the queue took it. Celery is loaded here alone: it makes a serving process 7 MB larger."""
    from kombu.exceptions import OperationalError

    from smartgateway.celery import app

    app.loader.import_default_modules()
    try:
        app.tasks[f"smartgateway.workbench.tasks.{task}"].delay(**arguments)
    except OperationalError:
        return False
    return True
