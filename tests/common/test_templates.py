"""Templates ask questions such as `order.is_paid`. They do not know how a state or a kind is stored."""

import re

from django.test import SimpleTestCase, tag

from tests.tracked_files import TOP, tracked

CONDITION = re.compile(r"{%[ ]*(?:if|elif)[ ][^%]*%}")
LITERAL = re.compile(r"""(?:==|!=|\bin)\s*["']|["']\s*(?:==|!=)""")
# Replaces a template of Django, which has no such question about a form's field.
EXCEPTIONS = ["web/templates/django/forms/field.html"]


@tag("once")
class ConditionTest(SimpleTestCase):
    def test_no_template_compares_a_value_with_a_text(self) -> None:
        found = [
            f"{path.relative_to(TOP)}: {condition}"
            for path in tracked(".html", ".md", ".txt")
            if "templates" in path.parts and str(path.relative_to(TOP)) not in EXCEPTIONS
            for condition in CONDITION.findall(path.read_text())
            if LITERAL.search(condition)
        ]
        self.assertEqual(found, [])

    def test_comparisons_with_a_text_are_recognized(self) -> None:
        for condition in ('{% if order.state == "paid" %}', "{% elif 'a' != kind %}", '{% if state in "ab" %}'):
            self.assertTrue(CONDITION.search(condition) and LITERAL.search(condition))
        self.assertFalse(LITERAL.search("{% if lines|length == 1 and one == two %}"))
