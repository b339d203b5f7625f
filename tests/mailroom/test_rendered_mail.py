from datetime import date
from decimal import Decimal
from html import unescape
from unittest import mock

from django.test import SimpleTestCase
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from mailroom.declare import Mail, MailKind, SecretText
from mailroom.domain.rendered_mail import MailFooter, MailText, RenderedMail, ValueUnavailable, render_mail
from mailroom.errors import MailTextInvalid
from mailroom.models import Template

MAIL = Mail("a.b", kind=MailKind.TRANSACTIONAL, title="A mail", context=lambda message: {}, sample=dict)
ANY_NAME = st.text(min_size=1, max_size=60).filter(lambda text: text.strip() and "\ue000" not in text)


def render(body: str, subject: str = "Hello", **context: object) -> RenderedMail:
    return render_mail(MAIL, MailText(subject, body), context)


def html_body(rendered: RenderedMail) -> str:
    """Return the part of the HTML page that was rendered from the text."""
    return rendered.html.split('class="sheet"')[1].split(">", 1)[1].split('</td></tr>\n<tr><td class="soft"')[0]


def without_paragraph(html: str) -> str:
    return html.strip().removeprefix('<p style="margin:0 0 16px">').removesuffix("</p>")


class PlaceholderValueTest(SimpleTestCase):
    @given(ANY_NAME)
    def test_any_name_appears_in_the_mail_exactly_as_it_was_entered(self, name: str) -> None:
        expected = name.strip().replace("\r\n", "\n")
        rendered = render("{{ name }}", name=name)
        self.assertEqual(
            unescape(without_paragraph(html_body(rendered)).replace("<br>\n", "\n")), unescape(escape_html(expected))
        )
        self.assertEqual(rendered.text.split("\n-- \n")[0].removesuffix("\n"), expected)

    @given(ANY_NAME)
    def test_name_in_the_subject_cannot_add_a_header(self, name: str) -> None:
        subject = render("text", "Hello {{ name }}", name=name).subject
        self.assertNotRegex(subject, r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
        self.assertLessEqual(len(subject), 200)

    def test_markdown_and_html_in_a_name_are_not_interpreted(self) -> None:
        name = "[Click](http://evil.example)\n# Big\n- one\n1. two\n    code <b>bold</b> `x` **y**"
        html = html_body(render("Hello {{ name }},", name=name))
        for tag in ("<a", "<h", "<li", "<code", "<b>", "<strong"):
            self.assertNotIn(tag, html)

    def test_special_characters_in_a_link_are_preserved(self) -> None:
        url = "https://x.example/a_b_/(c)/*d*?e=1&f=[2]#g"
        rendered = render("[Open]({{ url }}) or **{{ url }}**", url=url)
        self.assertIn(f'href="{url.replace("&", "&amp;")}"', rendered.html)
        self.assertIn(f"Open ({url})", rendered.text)

    def test_link_with_a_script_url_is_disabled(self) -> None:
        for url in ("javascript:alert(1)", " JaVaScript:alert(1)", "data:text/html,x", "vbscript:x"):
            html = html_body(render("[Open]({{ url }})", url=url))
            self.assertIn('href="#"', html)

    def test_all_lines_of_a_quoted_text_stay_in_the_quotation(self) -> None:
        rendered = render("{{ text|quoted }}\n\nThe end", text="One\n\n# two\n> three")
        self.assertEqual(html_body(rendered).count("<blockquote"), 1)
        self.assertIn("> One\n> \n> # two\n> > three\n\nThe end", rendered.text)

    def test_numbers_and_dates_are_written_in_the_format_of_the_school(self) -> None:
        text = render(
            "{{ day|short_date }}: {{ price }}, {{ count }}", day=date(2026, 5, 1), price=Decimal("7.50"), count=3
        )
        self.assertIn("Fri, May 1: 7.50, 3", text.text)

    def test_markdown_filter_renders_formatting_but_no_scripts(self) -> None:
        rendered = render("{{ text|markdown }}", text="**Bold** <script>alert(1)</script>")
        self.assertIn("<strong>Bold</strong>", rendered.html)
        self.assertNotIn("<script", rendered.html)


def escape_html(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class MailPartsTest(SimpleTestCase):
    def test_plain_text_part_contains_everything_that_the_markdown_source_contains(self) -> None:
        source = (
            "## Tonight\n\nBring **shoes**:\n\n- soft\n- hard\n    1. left\n    2. right\n\n| Day | Time |\n|--|--|\n"
            "| Mon | 7 |\n\n---\n\n> Quoted\n\n[See it]({{ url }})\n\nMail [us](mailto:a@b.org)  \nor ring."
        )
        self.assertEqual(
            render(source, url="https://x.example/").text.split("\n-- ")[0],
            "Tonight\n------------------------\n\nBring shoes:\n\n- soft\n- hard\n  1. left\n  2. right\n\n"
            "Day | Time\nMon | 7\n\n------------------------\n\n> Quoted\n\nSee it (https://x.example/)\n\n"
            "Mail us (a@b.org)\nor ring.\n",
        )

    def test_link_alone_in_a_paragraph_becomes_a_button(self) -> None:
        self.assertIn("inline-block", html_body(render("[Go]({{ url }})", url="https://x.example/")))
        self.assertNotIn("inline-block", html_body(render("Please [go]({{ url }})", url="https://x.example/")))

    def test_custom_styles_and_event_handlers_are_removed(self) -> None:
        html = html_body(render('<p style="position:fixed">x</p><div style="button">y</div><img src="x" onerror="z">'))
        self.assertNotIn("position", html)
        self.assertNotIn("onerror", html)

    def test_footer_names_the_school_and_the_reason_for_the_mail(self) -> None:
        rendered = render("x")
        self.assertIn("Hepcat Test School\nhttp://testserver", rendered.text)
        self.assertIn("You’re receiving this because", rendered.html)

    def test_both_parts_contain_the_preference_and_unsubscribe_links(self) -> None:
        rendered = render_mail(
            MAIL, MailText("Hello", "x"), {}, MailFooter(choose="http://t/choose/", stop="http://t/stop/")
        )
        for part in (rendered.text, rendered.html):
            self.assertIn("http://t/choose/", part)
            self.assertIn("http://t/stop/", part)


class StoredContentTest(SimpleTestCase):
    def test_secret_links_and_codes_are_removed(self) -> None:
        urls = [
            "http://testserver/user/reset/MTI/c8x2-0f9ad6e5b1c24d2e8f5a/",
            "http://testserver/mail/choose/WzEyLCJhYmMiXQ:1abcde:Xyz/",
            "https://x.example/?token=abcdefghij0123456789",
        ]
        stored = render(
            "[a]({{ a }}) [b]({{ b }}) {{ c }} {{ code }}", a=urls[0], b=urls[1], c=urls[2], code=SecretText("AB-12")
        ).stored
        for secret in ("c8x2", "WzEy", "0123456789", "AB-12", "href"):
            self.assertNotIn(secret, stored.html + stored.text)
        self.assertIn("a ([link removed]) b ([link removed]) [link removed] [link removed]\n", stored.text)

    def test_link_without_a_secret_is_kept(self) -> None:
        stored = render("[Open]({{ url }})", url="http://testserver/classes/lindy-hop-for-beginners/12/").stored
        self.assertIn('href="http://testserver/classes/lindy-hop-for-beginners/12/"', stored.html)

    def test_secrets_of_nested_values_are_removed(self) -> None:
        stored = render(
            "{% for v in vouchers %}{{ v.code }}{% endfor %}", vouchers=[{"code": SecretText("AB-12")}]
        ).stored
        self.assertNotIn("AB-12", stored.html + stored.text)

    def test_text_without_secrets_is_stored_exactly_as_it_is_sent(self) -> None:
        rendered = render("Come at **{{ hour }}**.", hour=7)
        self.assertEqual((rendered.stored.subject, rendered.stored.text), (rendered.subject, rendered.text))
        self.assertIn(rendered.stored.html, rendered.html)

    def test_code_is_readable_in_the_mail_that_is_sent(self) -> None:
        self.assertIn("AB-12", render("{{ code }}", code=SecretText("AB-12")).text)


class InvalidTextTest(SimpleTestCase):
    def invalid_part_and_message(self, text: str, subject: str = "Hello", **context: object) -> tuple[str, str]:
        with self.assertRaises(MailTextInvalid) as raised:
            render(text, subject, **context)
        return raised.exception.part, str(raised.exception)

    def test_unknown_placeholder_is_reported_with_the_known_ones(self) -> None:
        part, message = self.invalid_part_and_message("Hello {{ nmae }}", name="Alice")
        self.assertEqual(part, "body")
        self.assertIn("{{ nmae }}", message)
        self.assertIn("name", message.split("knows")[1])

    def test_error_names_the_invalid_part(self) -> None:
        self.assertEqual(self.invalid_part_and_message("x", "{{ missing }}")[0], "subject")
        self.assertEqual(self.invalid_part_and_message("x", "{% if %}")[0], "subject")
        self.assertEqual(self.invalid_part_and_message("x", "{{ empty }}", empty="  ")[0], "subject")
        self.assertEqual(self.invalid_part_and_message("{% endif %}")[0], "body")
        self.assertEqual(self.invalid_part_and_message("  ")[0], "body")
        self.assertEqual(self.invalid_part_and_message('{% include "mail/nothing.md" %}')[0], "body")
        self.assertEqual(
            self.invalid_part_and_message("{{ name|date:name|add:name|divisibleby:name }}", name="x")[0], "body"
        )

    def test_text_cannot_use_model_instances_or_load_template_tags(self) -> None:
        self.assertIn("Template", self.invalid_part_and_message("{{ row }}", row=Template())[1])
        self.assertIn("cannot be read", self.invalid_part_and_message("{% load static %}")[1])

    def test_value_is_found_only_if_the_text_uses_it(self) -> None:
        found = []
        rendered = render("{{ name }}", name=lambda: found.append("name") or "Alice", song=lambda: found.append("song"))
        self.assertIn("Alice", rendered.text)
        self.assertEqual(found, ["name"])

    def test_error_of_a_value_is_not_taken_for_a_missing_value(self) -> None:
        for error in (KeyError("x"), TypeError("x"), LookupError("x")):
            with self.assertRaisesMessage(ValueUnavailable, type(error).__name__):
                render("{{ name }}", name=mock.Mock(side_effect=error))

    def test_value_marked_as_safe_is_still_sanitized(self) -> None:
        self.assertNotIn("<script", render("{{ x }}", x=mark_safe("<script>alert(1)</script>y")).html)
