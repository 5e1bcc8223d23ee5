from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.calibration.model import Calibration
from smartgateway.workbench.evidence.model import EvidenceDay

__all__ = ["Backtest", "Calibration", "EvidenceDay"]
