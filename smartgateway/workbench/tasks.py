from celery import shared_task

from smartgateway.workbench.evidence.summing import summarise_missing


@shared_task(ignore_result=True, acks_late=True)
def summarise_evidence_task() -> None:
    """Today so far, and every day of the month that is not whole or got feedback since."""
    summarise_missing()
