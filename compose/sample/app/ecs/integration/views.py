"""The office's view of how the application is, and the way to the signing stand-in."""

import logging
from urllib.request import urlopen

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from ecs.integration.facts import collect
from ecs.users.decorators import elevated_required

log = logging.getLogger(__name__)


@elevated_required
def status(request):
    """Health, counts and the services around."""
    return render(request, "integration/status.html", {"facts": collect(), "pdfas": settings.PDFAS_SERVICE})


@require_safe
def pdf_as_web(request):
    """Hands the page of the stand-in on, which is in no network that nginx is in."""
    try:
        with urlopen(settings.PDFAS_URL, timeout=5) as response:
            return HttpResponse(response.read(), content_type=response.headers["Content-Type"])
    except OSError as error:
        log.warning("the signing service is away: %s", error)
        return HttpResponse("The signing service is away.", status=502, content_type="text/plain")
