from smartgateway.workbench.evidence.model import EvidenceDay

__all__ = ["EvidenceDay"]
