"""What every form of the site has in common: labels, hints and errors that belong to their fields."""

from django import forms
from django.template.loader import render_to_string
from django.test import SimpleTestCase

COLOURS = [("r", "Red"), ("g", "Green")]


class Everything(forms.Form):
    name = forms.CharField(help_text="As on your door.")
    nickname = forms.CharField(required=False)
    colour = forms.ChoiceField(choices=COLOURS, widget=forms.RadioSelect, help_text="Only one.")
    days = forms.MultipleChoiceField(choices=COLOURS, widget=forms.CheckboxSelectMultiple)
    agreed = forms.BooleanField(label="I agree", help_text="You may change your mind.")
    secret = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> None:
        self.add_error(None, "The stars are wrong.")


def render(form: forms.Form) -> str:
    return render_to_string("partials/form.html", {"form": form, "submit": "Go"})


class FormsTest(SimpleTestCase):
    def test_a_fresh_form_has_labels_and_hints_and_no_errors(self) -> None:
        html = render(Everything())
        self.assertIn('<label for="id_name">Name</label>', html)
        self.assertIn('aria-describedby="id_name_helptext"', html)
        self.assertInHTML(
            '<label for="id_nickname">Nickname <span class="optional">(optional)</span></label>', html, count=1
        )
        self.assertIn("<legend>Colour</legend>", html)
        self.assertNotIn("error", html)

    def test_errors_are_tied_to_their_fields(self) -> None:
        html = render(Everything({}))
        self.assertIn('aria-invalid="true"', html)
        self.assertIn('aria-describedby="id_name_helptext id_name_error"', html)
        self.assertIn('id="id_name_error"', html)
        self.assertIn('<fieldset aria-describedby="id_colour_helptext id_colour_error">', html)
        self.assertIn('aria-describedby="id_agreed_helptext id_agreed_error"', html)

    def test_the_summary_links_to_each_control(self) -> None:
        html = render(Everything({}))
        for target in ("id_name", "id_colour_0", "id_days_0", "id_agreed"):
            self.assertIn(f'href="#{target}"', html)
            self.assertIn(f'id="{target}"', html)
        self.assertIn("<li>The stars are wrong.</li>", html)
        self.assertLess(html.index("error-summary"), html.index('id="id_name"'))

    def test_each_error_of_the_whole_form_is_said_once(self) -> None:
        self.assertEqual(render(Everything({})).count("The stars are wrong."), 1)

    def test_what_was_typed_is_kept_and_escaped(self) -> None:
        self.assertIn('value="&lt;b&gt;"', render(Everything({"name": "<b>"})))
