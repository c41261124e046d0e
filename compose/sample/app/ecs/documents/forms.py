from django import forms
from django.conf import settings


class UploadForm(forms.Form):
    """One document."""

    document = forms.FileField(max_length=255, label="Document")

    def clean_document(self):
        document = self.cleaned_data["document"]
        if document.size > settings.UPLOAD_LIMIT:
            raise forms.ValidationError(f"A document may have at most {settings.UPLOAD_LIMIT // 1024**2} MB.")
        return document
