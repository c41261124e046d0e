"""The office's view of how the application is."""

from django.conf import settings
from django.shortcuts import render

from ecs.integration.facts import collect
from ecs.users.decorators import elevated_required


@elevated_required
def status(request):
    """Health, counts and the services around."""
    return render(request, "integration/status.html", {"facts": collect(), "pdfas": settings.PDFAS_SERVICE})
