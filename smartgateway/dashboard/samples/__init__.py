"""Synthetic history, to try the dashboards with and to measure them: marked, and removed as one."""

from smartgateway.dashboard.samples.history import HOST, remove, seed

__all__ = ["HOST", "remove", "seed"]
