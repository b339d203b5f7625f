from django.conf import settings
from django.core.checks import run_checks
from django.test import SimpleTestCase, override_settings

from billing.domain.orders.transitions import expire_overdue_holds
from billing.domain.product_kinds import ProductKind, UnknownProductKind, installed_kinds, kind_named
from billing.jobs import JOBS
from tests.billing.toys import ToyKind, with_toys


class Silent(ProductKind):
    name = "silent"


def product_kind_problems(**settings: object) -> list[str]:
    with override_settings(**settings):
        return [str(message.msg) for message in run_checks() if message.id == "billing.E001"]


class ProductKindsTest(SimpleTestCase):
    def test_complete_product_kind_passes_the_check(self) -> None:
        self.assertEqual(product_kind_problems(PRODUCT_KINDS={"toy": "tests.billing.toys.ToyKind"}), [])

    def test_incomplete_or_misnamed_product_kind_fails_the_check(self) -> None:
        for name, path, words in (
            ("toy", "tests.nowhere.Kind", "cannot be imported"),
            ("toy", "tests.billing.toys.Toy", "is no billing.domain.product_kinds.ProductKind"),
            ("silent", "tests.billing.test_checks.Silent", "does not answer confirm, describe"),
            ("book", "tests.billing.toys.ToyKind", "calls itself 'toy'"),
        ):
            with self.subTest(path):
                [problem] = product_kind_problems(PRODUCT_KINDS={name: path})
                self.assertIn(words, problem)

    @with_toys
    def test_product_kinds_are_found_by_name(self) -> None:
        self.assertIsInstance(kind_named("toy"), ToyKind)
        self.assertIn(("toy", "tests.billing.toys.ToyKind"), list(installed_kinds()))
        with self.assertRaises(UnknownProductKind):
            kind_named("gone")


def price_rule_problems(*names: str) -> str:
    with override_settings(PRICE_RULES=[f"billing.domain.pricing.price_rules.{name}" for name in names]):
        return " ".join(message.msg for message in run_checks() if message.id == "billing.E009")


class PriceRulesTest(SimpleTestCase):
    def test_price_rules_of_the_site_pass_the_check(self) -> None:
        self.assertEqual([message for message in run_checks() if message.id == "billing.E009"], [])

    def test_misspelled_rule_is_reported_with_a_suggestion(self) -> None:
        self.assertIn("price_rules.apply_list_price'?", price_rule_problems("apply_list_prize"))

    def test_rule_named_twice_and_function_with_another_signature_are_reported(self) -> None:
        self.assertIn("more than once", price_rule_problems("apply_list_price", "apply_list_price"))
        self.assertIn("must be a function of (price, request)", price_rule_problems("_spread_over_lines"))


class GatewayClassesTest(SimpleTestCase):
    def test_gateway_that_is_missing_or_of_another_class_fails_the_check(self) -> None:
        for path, words in (
            ("tests.nowhere.Gateway", "cannot be imported"),
            ("payments.dummy.DummyProvider", "is no billing.gateways.Gateway"),
            ("billing.gateways.desk.Desk", ""),
        ):
            with self.subTest(path), override_settings(PAYMENT_VARIANTS={"new": (path, {})}):
                problems = [str(message.msg) for message in run_checks() if message.id == "billing.E008"]
                self.assertEqual(len(problems), bool(words))
                self.assertIn(words, "".join(problems))


class PracticePaymentsTest(SimpleTestCase):
    def problems(self, **variants: tuple[str, dict[str, object]]) -> list[str]:
        with override_settings(PAYMENT_VARIANTS=variants):
            messages = run_checks(include_deployment_checks=True)
        return [str(message.id) for message in messages if message.id == "billing.E003"]

    def test_deployment_check_refuses_practice_gateways(self) -> None:
        for path in ("billing.gateways.practice.Practice", "payments.dummy.DummyProvider"):
            self.assertEqual(self.problems(anything=(path, {})), ["billing.E003"])
        cash = settings.PAYMENT_VARIANTS["cash"]
        self.assertEqual(self.problems(cash=cash), [])


class JobsTest(SimpleTestCase):
    def test_every_job_names_an_importable_function(self) -> None:
        from django.utils.module_loading import import_string

        self.assertIn(expire_overdue_holds, [import_string(job.run) for job in JOBS])
