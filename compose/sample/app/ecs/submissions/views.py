"""Lists of submissions and the page of one."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from ecs.communication.forms import MessageForm
from ecs.documents.forms import UploadForm
from ecs.submissions.forms import SubmissionForm
from ecs.submissions.models import Submission, visible_to
from ecs.users.decorators import elevated_required

PAGE_SIZE = 50


@login_required
def own_list(request):
    """The submissions of the user who asks."""
    return _list(request, Submission.objects.filter(presenter=request.user), "My submissions")


@elevated_required
def all_list(request):
    """All submissions, for the office."""
    return _list(request, visible_to(request), "All submissions")


def _list(request, submissions, heading):
    page = Paginator(submissions.select_related("presenter"), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "submissions/list.html", {"page": page, "heading": heading})


@login_required
def new(request):
    """The form for a new submission."""
    form = SubmissionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        submission = form.save(commit=False)
        submission.presenter = request.user
        submission.hand_in()
        messages.success(request, f"Submission {submission.ec_number} was handed in.")
        return redirect("submission", submission.pk)
    return render(request, "submissions/new.html", {"form": form}, status=400 if form.errors else 200)


@login_required
def detail(request, pk):
    """One submission with its documents and its correspondence."""
    return show(request, get_object_or_404(visible_to(request), pk=pk))


def show(request, submission, upload_form=None, message_form=None, status=200):
    """Renders the page of `submission`, with the form that has errors where there is one."""
    context = {
        "submission": submission,
        "documents": submission.documents.select_related("uploaded_by"),
        "mails": submission.mails.prefetch_related("answers"),
        "upload_form": upload_form or UploadForm(),
        "message_form": message_form or MessageForm(),
    }
    return render(request, "submissions/detail.html", context, status=status)


@require_POST
@elevated_required
def acknowledge(request, pk):
    """The office takes a submission up."""
    submission = get_object_or_404(visible_to(request), pk=pk)
    submission.acknowledge()
    messages.success(request, f"Submission {submission.ec_number} is acknowledged.")
    return redirect("submission", pk)
