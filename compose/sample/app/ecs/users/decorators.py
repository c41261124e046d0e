"""Guards of views."""

from functools import wraps

from django.contrib.auth.decorators import login_required
from django.shortcuts import render


def elevated_required(view):
    """Lets internal users with a client certificate pass; others get 403 and read what is missing."""

    @login_required
    @wraps(view)
    def guarded(request, *args, **kwargs):
        if request.elevated:
            return view(request, *args, **kwargs)
        return render(request, "403_certificate.html" if request.internal else "403.html", status=403)

    return guarded
