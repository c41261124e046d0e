from django import forms

from ecs.communication.models import OutgoingMail


class MessageForm(forms.ModelForm):
    """A mail about a submission."""

    class Meta:
        model = OutgoingMail
        fields = ["recipient", "subject", "body"]
        labels = {"recipient": "To", "body": "Message"}
        widgets = {"body": forms.Textarea(attrs={"rows": 4})}
