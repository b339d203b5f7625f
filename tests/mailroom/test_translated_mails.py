"""Mail in the language of the school, paragraph by paragraph."""

from django.test import SimpleTestCase
from django.utils import translation

from mailroom import registry
from mailroom.domain import rendered_mail
from mailroom.domain.rendered_mail import RenderedMail
from mailroom.translated_texts import translatable_paragraphs
from tests.translations import site_with_german

RECEIPT = '{% include "billing/_line_terms.md" %}\nWe look forward to seeing you.'
GERMAN_RECEIPT = {RECEIPT: RECEIPT.replace("We look forward to seeing you", "Bis bald")}
CLOSED = "If you didn’t ask for this, or you’d like to come back one day, [contact us]({{ contact }})."


class TranslatedMailTest(SimpleTestCase):
    def render_in_german(self, name: str, texts: dict[str, str]) -> RenderedMail:
        mail = registry.mail_named(name)
        with site_with_german(texts, LANGUAGE_CODE="de"):
            return rendered_mail.render_mail(mail, rendered_mail.shipped_mail_text(mail), mail.sample())

    def test_subject_paragraphs_and_footer_are_in_the_language_of_the_school(self) -> None:
        rendered = self.render_in_german(
            "users.closed",
            {
                "Your account at {{ BUSINESS_NAME }} is closed": "Ihr Konto bei {{ BUSINESS_NAME }} ist geschlossen",
                CLOSED: "Fragen? [Schreiben Sie uns]({{ contact }}).",
                "You’re receiving this because this address was used to register.": "Sie sind angemeldet.",
            },
        )
        self.assertRegex(rendered.subject, "^Ihr Konto bei .+ ist geschlossen$")
        self.assertIn("Schreiben Sie uns", rendered.html)
        self.assertIn('<html lang="de">', rendered.html)
        self.assertIn("Sie sind angemeldet.", rendered.text)
        self.assertIn("Sie sind angemeldet.", rendered.html)
        self.assertIn("no one can log in with it anymore", rendered.text)  # it has no translation yet

    def test_text_that_another_text_includes_is_translated(self) -> None:
        paragraph = "{% if line_terms %}{% if not free %}Cancellation policy:"
        texts = {paragraph: paragraph.replace("Cancellation policy", "Absagen")}
        self.assertIn("Absagen:", self.render_in_german("billing.receipt", texts).text)
        mail = registry.mail_named("billing.receipt")
        english = rendered_mail.render_mail(mail, rendered_mail.shipped_mail_text(mail), mail.sample())
        self.assertIn("Cancellation policy:", english.text)

    def test_translation_with_another_variable_or_tag_is_not_used(self) -> None:
        for wrong in ("Fragen? [Hier]({{ kontakt }}).", "{% if contact %}Fragen?{% endif %}"):
            with self.subTest(wrong), self.assertLogs("mailroom", "WARNING"):
                self.assertIn("come back one day", self.render_in_german("users.closed", {CLOSED: wrong}).text)

    def test_language_of_the_visitor_does_not_change_the_mail(self) -> None:
        mail = registry.mail_named("billing.receipt")
        with site_with_german(GERMAN_RECEIPT), translation.override("de"):
            rendered = rendered_mail.render_mail(mail, rendered_mail.shipped_mail_text(mail), mail.sample())
        self.assertIn("We look forward to seeing you.", rendered.text)
        self.assertIn('<html lang="en-us">', rendered.html)

    def test_text_at_the_desk_is_the_one_that_is_sent(self) -> None:
        with site_with_german(GERMAN_RECEIPT, LANGUAGE_CODE="de"):
            text = rendered_mail.shipped_mail_text(registry.mail_named("billing.receipt"))
        self.assertTrue(text.body.endswith("Bis bald."))


class TranslatableParagraphTest(SimpleTestCase):
    def test_subject_and_each_paragraph_with_words_is_a_message(self) -> None:
        contents = "Subject: Hi {{ name }}\n\n{% if a %}\n\nOne\nline.\n\n\n{{ b }}\n\n- {{ c }}, two{% endif %}\n"
        expected = ["Hi {{ name }}", "One\nline.", "- {{ c }}, two{% endif %}"]
        self.assertEqual(translatable_paragraphs(contents), expected)
