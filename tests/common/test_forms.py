"""Labels, help texts and errors, which look alike in every form of the site."""

from django import forms
from django.template.loader import render_to_string
from django.test import SimpleTestCase

COLORS = [("r", "Red"), ("g", "Green")]


class ExampleForm(forms.Form):
    name = forms.CharField(help_text="As on your door.")
    nickname = forms.CharField(required=False)
    colour = forms.ChoiceField(choices=COLORS, widget=forms.RadioSelect, help_text="Only one.")
    days = forms.MultipleChoiceField(choices=COLORS, widget=forms.CheckboxSelectMultiple)
    agreed = forms.BooleanField(label="I agree", help_text="You may change your mind.")
    secret = forms.CharField(widget=forms.HiddenInput)

    def clean(self) -> None:
        self.add_error(None, "The stars are wrong.")


def render(form: forms.Form) -> str:
    return render_to_string("partials/form.html", {"form": form, "submit": "Go"})


class FormsTest(SimpleTestCase):
    def test_new_form_has_labels_and_help_texts_and_no_errors(self) -> None:
        html = render(ExampleForm())
        self.assertIn('<label for="id_name">Name</label>', html)
        self.assertIn('aria-describedby="id_name_helptext"', html)
        self.assertInHTML(
            '<label for="id_nickname">Nickname <span class="optional">(optional)</span></label>', html, count=1
        )
        self.assertIn("<legend>Colour</legend>", html)
        self.assertNotIn("error", html)

    def test_fields_refer_to_their_errors_for_screen_readers(self) -> None:
        html = render(ExampleForm({}))
        self.assertIn('aria-invalid="true"', html)
        self.assertIn('aria-describedby="id_name_helptext id_name_error"', html)
        self.assertIn('id="id_name_error"', html)
        self.assertIn('<fieldset aria-describedby="id_colour_helptext id_colour_error">', html)
        self.assertIn('aria-describedby="id_agreed_helptext id_agreed_error"', html)

    def test_error_summary_links_to_each_invalid_field(self) -> None:
        html = render(ExampleForm({}))
        for target in ("id_name", "id_colour_0", "id_days_0", "id_agreed"):
            self.assertIn(f'href="#{target}"', html)
            self.assertIn(f'id="{target}"', html)
        self.assertIn("<li>The stars are wrong.</li>", html)
        self.assertLess(html.index("error-summary"), html.index('id="id_name"'))

    def test_error_of_the_whole_form_is_shown_once(self) -> None:
        self.assertEqual(render(ExampleForm({})).count("The stars are wrong."), 1)

    def test_typed_value_is_kept_and_escaped(self) -> None:
        self.assertIn('value="&lt;b&gt;"', render(ExampleForm({"name": "<b>"})))
