"""Every address of the application. /health/ is answered before these (ecs.integration.middleware)."""

from django.contrib.auth import views as auth
from django.urls import path

from ecs.communication import views as communication
from ecs.documents import views as documents
from ecs.integration import views as integration
from ecs.submissions import views as submissions
from ecs.users import views as users

urlpatterns = [
    path("", submissions.own_list, name="submissions"),
    path("login/", users.Login.as_view(), name="login"),
    path("logout/", auth.LogoutView.as_view(http_method_names=["post"]), name="logout"),
    path("password/<uidb64>/<token>/", users.SetPassword.as_view(), name="set-password"),
    path("userswitcher/switch/", users.switch, name="userswitcher"),
    path("submissions/new/", submissions.new, name="submission-new"),
    path("submissions/<int:pk>/", submissions.detail, name="submission"),
    path("submissions/<int:pk>/acknowledge/", submissions.acknowledge, name="submission-acknowledge"),
    path("submissions/<int:pk>/documents/", documents.upload, name="document-upload"),
    path("submissions/<int:pk>/messages/", communication.send, name="message-send"),
    path("documents/<uuid:uuid>/", documents.download, name="document"),
    path("internal/submissions/", submissions.all_list, name="submissions-all"),
    path("internal/mail/", communication.outgoing, name="outgoing-mail"),
    path("internal/status/", integration.status, name="status"),
    path("pdf-as-web/", integration.pdf_as_web),
]
