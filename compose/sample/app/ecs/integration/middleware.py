"""What happens around every request."""

from django.db import close_old_connections
from django.http import JsonResponse

from ecs.integration.health import Health

# The pages have no script, no frame and nothing from elsewhere.
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


class HealthMiddleware:
    """Answers /health/ before sessions, login and the check of the Host header: probes ask by address."""

    def __init__(self, get_response):
        self.get_response = get_response
        self.health = Health()

    def __call__(self, request):
        if request.path != "/health/":
            return self.get_response(request)
        close_old_connections()
        report = self.health.report()
        return JsonResponse(
            report, status=200 if report["status"] == "ok" else 503, headers={"Cache-Control": "no-store"}
        )


class ContentSecurityPolicyMiddleware:
    """Tells the browser what our pages may load."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        response.headers["Content-Security-Policy"] = POLICY
        return response
