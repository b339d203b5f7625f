"""Validation of level rules."""

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import TestCase, tag
from django.urls import reverse

from classwork.models import Level
from tests import factories
from tests.classwork.admin_case import OfficeTestCase


@tag("once")
class LevelValidationTest(TestCase):
    def errors_of(self, level: Level) -> dict[str, list[str]]:
        with self.assertRaises(ValidationError) as caught:
            level.full_clean()
        return caught.exception.message_dict

    def test_names_of_the_first_levels_differ_by_more_than_a_plural(self):
        names = [name.rstrip("s") for name in Level.objects.values_list("name", flat=True)]
        self.assertEqual(len(names), len(set(names)))

    def test_level_on_the_ladder_requires_a_rule(self):
        for rule in ("", "  "):
            with self.subTest(rule=rule):
                errors = self.errors_of(Level(name="Level 9", code="L9", rule=rule))
                self.assertEqual(errors["rule"], ["A step of the ladder needs a rule that says what completes it."])
        Level(name="Retreat", code="R", is_step=False).full_clean()

    def test_database_refuses_a_level_on_the_ladder_without_a_rule(self):
        with self.assertRaises(IntegrityError), transaction.atomic():
            Level.objects.create(name="Level 9", code="L9")
        self.assertFalse(Level.objects.filter(is_step=True, rule=""))

    def test_rule_may_name_existing_versions_in_either_case(self):
        level = Level.objects.create(name="Level 9", code="L9", rule="A")
        for version in ("a", "B"):
            factories.create_subject("L9", version)
        factories.create_subject("L2", "C")
        level.rule = "A, b"
        level.full_clean()
        level.rule = "a|c, B|D"
        sentence = "Level 9 has no version C or D. Change the rule, or name them under “Planned versions”."
        self.assertEqual(self.errors_of(level)["rule"], [sentence])

    def test_rule_may_name_planned_versions(self):
        level = Level(name="Level 9", code="L9", rule="A|C, B", planned_versions="a, C")
        sentence = "Level 9 has no version B. Change the rule, or name it under “Planned versions”."
        self.assertEqual(self.errors_of(level)["rule"], [sentence])
        level.planned_versions = "a C,b"
        level.full_clean()
        level.planned_versions = "A, toolong"
        self.assertIn("“TOOLONG” isn’t a version", self.errors_of(level)["planned_versions"][0])

    def test_first_levels_pass_their_own_validation(self):
        for level in Level.objects.all():
            level.full_clean()


@tag("once")
class LevelFormTest(OfficeTestCase):
    def test_form_names_the_missing_versions_at_the_rule(self):
        values = {"name": "Level 9", "code": "L9", "rank": "9", "is_step": "on", "rule": "A, B"}
        url = reverse("admin:classwork_level_add")
        self.assertContains(self.client.post(url, values), "Level 9 has no version A or B.")
        self.client.post(url, values | {"planned_versions": "A, B"})
        self.assertEqual(Level.objects.get(code="L9").planned_versions, "A, B")
