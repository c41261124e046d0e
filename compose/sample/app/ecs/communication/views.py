"""Writing mail, and the office's view of what is on its way."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.db import transaction
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from ecs.communication.forms import MessageForm
from ecs.communication.models import OutgoingMail
from ecs.communication.tasks import forward_soon
from ecs.submissions.models import visible_to
from ecs.submissions.views import PAGE_SIZE, show
from ecs.users.decorators import elevated_required


@require_POST
@login_required
@transaction.atomic
def send(request, pk):
    """Queues a mail about a submission."""
    submission = get_object_or_404(visible_to(request), pk=pk)
    form = MessageForm(request.POST)
    if not form.is_valid():
        return show(request, submission, message_form=form, status=400)
    mail = form.save(commit=False)
    mail.submission = submission
    mail.save()
    forward_soon()
    messages.success(request, f"The message to {mail.recipient} is on its way.")
    return redirect("submission", pk)


@elevated_required
def outgoing(request):
    """All outgoing mail, the newest first; what is in an account's mail is for its reader alone."""
    page = Paginator(OutgoingMail.objects.select_related("submission").order_by("-pk"), PAGE_SIZE)
    return render(request, "communication/outgoing.html", {"page": page.get_page(request.GET.get("page"))})
