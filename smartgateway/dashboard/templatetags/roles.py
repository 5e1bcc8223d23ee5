"""What a page shows to whom."""

from django import template
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

from smartgateway.keys import roles

register = template.Library()


@register.filter
def is_admin(user: AbstractBaseUser | AnonymousUser) -> bool:
    return roles.is_admin(user)
