"""Elevated rights: what only an internal user with a client certificate may do."""

from django.conf import settings

from ecs.users.models import is_internal


class ClientCertificateMiddleware:
    """
    Sets `request.client_certificate` (serial number or None), `request.internal` and `request.elevated`.

    nginx checks the certificate and is the only one that can reach this service from outside; it replaces these headers
    on every request, whatever the client sent.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        verified = request.headers.get("X-Ssl-Client-Verify") == "SUCCESS"
        request.client_certificate = (request.headers.get("X-Ssl-Client-Serial") or None) if verified else None
        request.internal = is_internal(request.user)
        shown = request.client_certificate is not None or not settings.ECS_REQUIRE_CLIENT_CERTS
        request.elevated = request.internal and shown
        return self.get_response(request)
