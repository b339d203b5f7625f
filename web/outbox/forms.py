from django import forms


class ReasonForm(forms.Form):
    why = forms.CharField(label="Reason", max_length=300, help_text="Saved with your name in the history.")
