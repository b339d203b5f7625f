from django import forms


class ReasonForm(forms.Form):
    why = forms.CharField(
        label="Why", max_length=300, help_text="It is kept with your name, for whoever looks at this next."
    )
