from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.evidence.model import EvidenceDay

__all__ = ["Backtest", "EvidenceDay"]
