from celery import shared_task

from smartgateway.workbench.backtest import running
from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.calibration import running as calibrating
from smartgateway.workbench.evidence.summing import summarise_missing


@shared_task(ignore_result=True, acks_late=True)
def summarise_evidence_task() -> None:
    """Today so far, and every day of the month that is not whole or got feedback since."""
    summarise_missing()


@shared_task(ignore_result=True, acks_late=True)
def run_backtest_task(*, backtest_id: int) -> None:
    running.run(backtest_id)


@shared_task(ignore_result=True, acks_late=True)
def go_on_with_backtests_task() -> None:
    """Shadows take their next steps; what a dead worker left is taken up by another."""
    for pk in Backtest.objects.to_be_taken().values_list("pk", flat=True):
        run_backtest_task.delay(backtest_id=pk)


@shared_task(ignore_result=True, acks_late=True)
def run_calibration_task(*, calibration_id: int) -> None:
    calibrating.run(calibration_id)


@shared_task(ignore_result=True, acks_late=True)
def forget_abandoned_calibrations_task() -> None:
    calibrating.forget_abandoned()
