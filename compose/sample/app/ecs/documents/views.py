"""Upload of documents, and reading them back."""

import logging

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from ecs.documents.forms import UploadForm
from ecs.documents.models import Document
from ecs.documents.storing import add_document, read_document
from ecs.documents.vault import VaultError
from ecs.submissions.models import visible_to
from ecs.submissions.views import show

log = logging.getLogger(__name__)


@require_POST
@login_required
def upload(request, pk):
    """Adds a document to a submission."""
    submission = get_object_or_404(visible_to(request), pk=pk)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, submission, upload_form=form, status=400)
    try:
        document = add_document(submission, form.cleaned_data["document"], request.user)
    except (VaultError, OSError) as error:
        return _vault_failed(request, error)
    messages.success(request, f"{document.name} is in the vault, encrypted and signed.")
    return redirect("submission", pk)


@require_safe
@login_required
def download(request, uuid):
    """Hands out a document after its signature was checked."""
    document = get_object_or_404(Document, uuid=uuid, submission__in=visible_to(request))
    try:
        content = read_document(document)
    except VaultError as error:
        return _vault_failed(request, error)
    return FileResponse(content, as_attachment=True, filename=document.name, content_type=document.content_type)


def _vault_failed(request, error):
    log.error("vault failed: %s", error)
    return render(request, "vault_failed.html", status=503)
