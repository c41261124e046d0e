"""Puts uploads into the vault and the database together."""

import hashlib

from ecs.documents import vault
from ecs.documents.models import Document, harmless_type, short_name


def add_document(submission, upload, user):
    """Stores `upload` (an UploadedFile on a real file) and notes it with the submission. Raises VaultError."""
    document = Document(
        submission=submission,
        name=short_name(upload.name),
        content_type=harmless_type(upload.content_type),
        size=upload.size,
        sha256=_sha256(upload.file),
        uploaded_by=user,
    )
    # First the vault: a name in the database without content would be a lost document, the other way is a stray file.
    store = vault.default()
    store.store(document.uuid.hex, upload.file)
    try:
        document.save()
    except Exception:
        store.discard(document.uuid.hex)
        raise
    return document


def read_document(document):
    """The content as an open file. Raises VaultError also when it is not the content that was uploaded."""
    content = vault.default().load(document.uuid.hex)
    if _sha256(content) != document.sha256:
        content.close()
        raise vault.VaultError(f"document {document.uuid.hex} is not what was uploaded under this name")
    return content


def _sha256(file):
    file.seek(0)
    digest = hashlib.file_digest(file, "sha256").hexdigest()
    file.seek(0)
    return digest
