"""One who publishes or replaces the draft at a time."""

from routing.models import RoutingSettings


def lock() -> bool:
    """Until the transaction ends. True when the draft was empty until now."""
    is_first = RoutingSettings.objects.get_or_create(pk=1)[1]
    RoutingSettings.objects.select_for_update().get(pk=1)
    return is_first
