from django import forms

from ecs.submissions.models import Submission


class SubmissionForm(forms.ModelForm):
    """What a submitter fills in."""

    class Meta:
        model = Submission
        fields = ["title", "investigator", "summary"]
        labels = {"investigator": "Principal investigator"}
        widgets = {"summary": forms.Textarea(attrs={"rows": 5})}
