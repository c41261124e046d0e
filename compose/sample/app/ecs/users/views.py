"""Login, first password, user switcher."""

import logging

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth import views as auth
from django.contrib.auth.models import User
from django.contrib.auth.forms import AuthenticationForm
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse_lazy
from django.views.decorators.http import require_POST

from ecs.users.throttle import Throttle

log = logging.getLogger(__name__)


class LoginForm(AuthenticationForm):
    """User names are mail addresses in lower case; too many wrong passwords close a name for a while."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "E-mail address"
        self.fields["username"].widget.attrs["autocomplete"] = "username"

    def clean(self):
        throttle = Throttle(self.clean_username())
        if throttle.closed():
            self.add_error(None, "Too many wrong passwords. Wait a quarter of an hour, then try again.")
            return self.cleaned_data
        throttle.count()
        cleaned = super().clean()
        throttle.forget()
        return cleaned

    def clean_username(self):
        return self.cleaned_data.get("username", "").lower()


class Login(auth.LoginView):
    """The login page, with the user switcher where that is enabled."""

    template_name = "login.html"
    authentication_form = LoginForm
    redirect_authenticated_user = True


class SetPassword(auth.PasswordResetConfirmView):
    """Where the link of an invitation leads."""

    template_name = "set_password.html"
    success_url = reverse_lazy("login")


@require_POST
def switch(request):
    """Becomes a test user without a password, on instances where the operator allows that."""
    if not settings.ECS_USERSWITCHER_ENABLED:
        raise Http404
    user = get_object_or_404(User, pk=request.POST.get("user"), profile__is_testuser=True, is_active=True)
    login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    log.info("switched to test user %s", user.username)
    return redirect("submissions")
