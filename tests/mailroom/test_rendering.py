from datetime import date
from decimal import Decimal
from html import unescape

from django.test import SimpleTestCase
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from mailroom.declare import Mail, MailKind, SecretText
from mailroom.domain.rendering import MailFooter, MailText, MailTextInvalid, RenderedMail, render_mail
from mailroom.models import Template

MAIL = Mail("a.b", kind=MailKind.TRANSACTIONAL, title="A mail", context=lambda message: {}, sample=dict)
ANYTHING = st.text(min_size=1, max_size=60).filter(lambda text: text.strip() and "\ue000" not in text)


def made(body: str, subject: str = "Hello", *, masked: bool = False, **context: object) -> RenderedMail:
    return render_mail(MAIL, MailText(subject, body), context, masked=masked)


def body(letter: RenderedMail) -> str:
    """The part of the page that the text became."""
    return letter.html.split('class="sheet"')[1].split(">", 1)[1].split('</td></tr>\n<tr><td class="soft"')[0]


def bare(html: str) -> str:
    return html.strip().removeprefix('<p style="margin:0 0 16px">').removesuffix("</p>")


class ValuesTest(SimpleTestCase):
    @given(ANYTHING)
    def test_whatever_a_name_is_it_stands_there_as_it_was_written(self, name: str) -> None:
        written = name.strip().replace("\r\n", "\n")
        letter = made("{{ name }}", name=name)
        self.assertEqual(unescape(bare(body(letter)).replace("<br>\n", "\n")), unescape(bare_escaped(written)))
        self.assertEqual(letter.text.split("\n-- \n")[0].removesuffix("\n"), written)

    @given(ANYTHING)
    def test_no_name_makes_a_header(self, name: str) -> None:
        subject = made("text", "Hello {{ name }}", name=name).subject
        self.assertNotRegex(subject, r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
        self.assertLessEqual(len(subject), 200)

    def test_a_name_becomes_no_link_no_heading_and_no_list(self) -> None:
        name = "[Click](http://evil.example)\n# Big\n- one\n1. two\n    code <b>bold</b> `x` **y**"
        html = body(made("Hello {{ name }},", name=name))
        for tag in ("<a", "<h", "<li", "<code", "<b>", "<strong"):
            self.assertNotIn(tag, html)

    def test_a_link_keeps_its_address_to_the_letter(self) -> None:
        url = "https://x.example/a_b_/(c)/*d*?e=1&f=[2]#g"
        letter = made("[Open]({{ url }}) or **{{ url }}**", url=url)
        self.assertIn(f'href="{url.replace("&", "&amp;")}"', letter.html)
        self.assertIn(f"Open ({url})", letter.text)

    def test_a_link_never_runs_anything(self) -> None:
        for url in ("javascript:alert(1)", " JaVaScript:alert(1)", "data:text/html,x", "vbscript:x"):
            html = body(made("[Open]({{ url }})", url=url))
            self.assertIn('href="#"', html)

    def test_lines_stay_in_the_quotation_they_are_in(self) -> None:
        letter = made("{{ text|quoted }}\n\nThe end", text="One\n\n# two\n> three")
        self.assertEqual(body(letter).count("<blockquote"), 1)
        self.assertIn("> One\n> \n> # two\n> > three\n\nThe end", letter.text)

    def test_numbers_and_dates_are_written_as_the_school_writes_them(self) -> None:
        text = made(
            "{{ day|short_date }}: {{ price }}, {{ count }}", day=date(2026, 5, 1), price=Decimal("7.50"), count=3
        )
        self.assertIn("Fri, May 1: 7.50, 3", text.text)

    def test_a_text_that_is_markdown_may_say_so(self) -> None:
        letter = made("{{ text|markdown }}", text="**Bold** <script>alert(1)</script>")
        self.assertIn("<strong>Bold</strong>", letter.html)
        self.assertNotIn("<script", letter.html)


def bare_escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


class PartsTest(SimpleTestCase):
    def test_both_parts_say_the_same(self) -> None:
        source = (
            "## Tonight\n\nBring **shoes**:\n\n- soft\n- hard\n    1. left\n    2. right\n\n| Day | Time |\n|--|--|\n"
            "| Mon | 7 |\n\n---\n\n> Quoted\n\n[See it]({{ url }})\n\nMail [us](mailto:a@b.org)  \nor ring."
        )
        self.assertEqual(
            made(source, url="https://x.example/").text.split("\n-- ")[0],
            "Tonight\n------------------------\n\nBring shoes:\n\n- soft\n- hard\n  1. left\n  2. right\n\n"
            "Day | Time\nMon | 7\n\n------------------------\n\n> Quoted\n\nSee it (https://x.example/)\n\n"
            "Mail us (a@b.org)\nor ring.\n",
        )

    def test_a_link_that_stands_alone_is_a_button(self) -> None:
        self.assertIn("inline-block", body(made("[Go]({{ url }})", url="https://x.example/")))
        self.assertNotIn("inline-block", body(made("Please [go]({{ url }})", url="https://x.example/")))

    def test_only_our_own_style_gets_through(self) -> None:
        html = body(made('<p style="position:fixed">x</p><div style="button">y</div><img src="x" onerror="z">'))
        self.assertNotIn("position", html)
        self.assertNotIn("onerror", html)

    def test_the_school_is_named_and_the_reader_is_told_why(self) -> None:
        letter = made("x")
        self.assertIn("Hepcat Test School\nhttp://testserver", letter.text)
        self.assertIn("You’re receiving this because", letter.html)

    def test_where_to_choose_and_to_stop_stands_in_both_parts(self) -> None:
        letter = render_mail(
            MAIL, MailText("Hello", "x"), {}, MailFooter(choose="http://t/choose/", stop="http://t/stop/")
        )
        for part in (letter.text, letter.html):
            self.assertIn("http://t/choose/", part)
            self.assertIn("http://t/stop/", part)


class MaskingTest(SimpleTestCase):
    def test_keys_and_codes_are_blotted_out(self) -> None:
        urls = [
            "http://testserver/user/reset/MTI/c8x2-0f9ad6e5b1c24d2e8f5a/",
            "http://testserver/mail/choose/WzEyLCJhYmMiXQ:1abcde:Xyz/",
            "https://x.example/?token=abcdefghij0123456789",
        ]
        letter = made(
            "[a]({{ a }}) [b]({{ b }}) {{ c }} {{ code }}",
            masked=True,
            a=urls[0],
            b=urls[1],
            c=urls[2],
            code=SecretText("AB-12"),
        )
        for secret in ("c8x2", "WzEy", "0123456789", "AB-12"):
            self.assertNotIn(secret, letter.html + letter.text)
        self.assertNotIn("href", body(letter))

    def test_plain_addresses_stay(self) -> None:
        letter = made("[Open]({{ url }})", masked=True, url="http://testserver/classes/lindy-hop-for-beginners/12/")
        self.assertIn('href="http://testserver/classes/lindy-hop-for-beginners/12/"', letter.html)

    def test_the_reader_gets_the_code(self) -> None:
        self.assertIn("AB-12", made("{{ code }}", code=SecretText("AB-12")).text)


class RefusalTest(SimpleTestCase):
    def sentence(self, text: str, subject: str = "Hello", **context: object) -> tuple[str, str]:
        with self.assertRaises(MailTextInvalid) as refused:
            made(text, subject, **context)
        return refused.exception.part, str(refused.exception)

    def test_a_name_that_is_not_known_is_said_with_those_that_are(self) -> None:
        part, sentence = self.sentence("Hello {{ nmae }}", name="Alice")
        self.assertEqual(part, "body")
        self.assertIn("{{ nmae }}", sentence)
        self.assertIn("name", sentence.split("knows")[1])

    def test_the_part_that_is_wrong_is_named(self) -> None:
        self.assertEqual(self.sentence("x", "{{ missing }}")[0], "subject")
        self.assertEqual(self.sentence("x", "{% if %}")[0], "subject")
        self.assertEqual(self.sentence("x", "{{ empty }}", empty="  ")[0], "subject")
        self.assertEqual(self.sentence("{% endif %}")[0], "body")
        self.assertEqual(self.sentence("  ")[0], "body")
        self.assertEqual(self.sentence('{% include "mail/nothing.md" %}')[0], "body")
        self.assertEqual(self.sentence("{{ name|date:name|add:name|divisibleby:name }}", name="x")[0], "body")

    def test_a_text_reaches_no_rows_and_no_other_tags(self) -> None:
        self.assertIn("Template", self.sentence("x", row=Template())[1])
        self.assertIn("cannot be read", self.sentence("{% load static %}")[1])

    def test_a_value_marked_as_safe_is_still_cleaned(self) -> None:
        self.assertNotIn("<script", made("{{ x }}", x=mark_safe("<script>alert(1)</script>y")).html)
