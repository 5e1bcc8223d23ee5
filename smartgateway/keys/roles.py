"""Who sees whose figures."""

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from smartgateway.keys.models import Membership


def visible_teams(user: AbstractBaseUser | AnonymousUser) -> frozenset[int] | None:
    """The ids of the teams whose figures the user may read; None for all of them."""
    if not user.is_active:
        return frozenset()
    if getattr(user, "is_superuser", False):
        return None
    roles = dict(
        Membership.objects.filter(user_id=user.pk)
        .exclude(role=Membership.Role.DEVELOPER)
        .values_list("team_id", "role")
    )
    return None if Membership.Role.ADMIN in roles.values() else frozenset(roles)


def is_admin(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Whether the user tunes the policy and sees every team."""
    return visible_teams(user) is None


def tunes_policies(user: AbstractBaseUser | AnonymousUser) -> bool:
    """Admins, and staff that was given the permission to publish."""
    may_publish = getattr(user, "has_perm", None)
    return is_admin(user) or bool(may_publish and may_publish("routing.add_policyversion"))
