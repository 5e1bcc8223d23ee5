from celery import shared_task

from smartgateway.keys.texts import remove_expired_texts


@shared_task(ignore_result=True, acks_late=True)
def remove_expired_texts_task() -> None:
    """Prompt text that is older than its team keeps it."""
    remove_expired_texts()
