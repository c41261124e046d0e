"""What every page knows about who is asking."""

from django.conf import settings
from django.contrib.auth.models import User


def rights(request):
    """Rights of the request, and the test users to switch to where that is enabled."""
    switcher = settings.ECS_USERSWITCHER_ENABLED
    test_users = User.objects.filter(profile__is_testuser=True, is_active=True).order_by("username")
    return {
        "elevated": getattr(request, "elevated", False),
        "internal": getattr(request, "internal", False),
        "client_certificate": getattr(request, "client_certificate", None),
        "test_users": test_users if switcher else (),
        "domain": settings.DOMAIN,
    }
