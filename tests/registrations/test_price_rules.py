"""A school's own price rule sees the student, whether the order is placed online or at the desk."""

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.test import override_settings

from billing.domain.pricing.quotes import Price, PriceRequest
from common.money import percent_of
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, me, other, place, register_at_desk
from users.models import Student

LAST_RULES = settings.PRICE_RULES.index("billing.domain.pricing.price_rules.apply_exchange_credit")


def apply_under_26_discount(price: Price, request: PriceRequest) -> Price:
    students = [item.price_facts.student_id for item in request.lines]
    young = Student.objects.filter(pk__in=students, born_on__gt=date(request.ordered_at.year - 26, 12, 31))
    ids = set(young.values_list("pk", flat=True))
    fitting = [item.key for item in request.lines if item.price_facts.student_id in ids]
    amounts = {key: percent_of(price.lines[key], Decimal(10), request.currency) for key in fitting}
    return price.adjust("under_26", ((key, "Under 26", -amount) for key, amount in amounts.items()))


@override_settings(
    PRICE_RULES=[
        *settings.PRICE_RULES[:LAST_RULES],
        f"{__name__}.apply_under_26_discount",
        *settings.PRICE_RULES[LAST_RULES:],
    ]
)
class StudentPriceRuleTest(SchoolTestCase):
    def setUp(self) -> None:
        Student.objects.filter(pk=self.student.pk).update(born_on=date(2015, 5, 1))

    def test_rule_applies_online_to_the_students_of_the_payer(self) -> None:
        self.assertEqual(place(cart((self.class_offer, me()), payer=self.alice)).early_total, Decimal("58.50"))

    def test_rule_applies_to_the_student_whom_the_desk_registers(self) -> None:
        student = Student.objects.get(pk=self.student.pk)
        order = register_at_desk(self.ada, self.class_offer, student)
        self.assertEqual(order.early_total, Decimal("58.50"))

    def test_strangers_name_tells_the_rule_nothing_about_a_stored_student(self) -> None:
        order = place(cart((self.class_offer, other("Alice", "alice@example.org"))))
        self.assertEqual(order.early_total, 65)
