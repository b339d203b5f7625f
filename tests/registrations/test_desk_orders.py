from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

from django.test import tag
from django.urls import reverse
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.pricing import credit
from billing.models import DiscountCode, Order, OrderLine
from classwork.models import ClassOffer, Subject
from history.models import Entry
from registrations.domain import desk_orders
from registrations.domain.desk_orders import DeskChoice
from registrations.domain.line_details import AttendeeDetails
from registrations.models import Registration
from tests import factories
from tests.base import SchoolTestCase
from tests.registrations.purchases import cart, line, of, place
from users.models import Student

ENTER = reverse("desk_register")


class DeskOrderTestCase(SchoolTestCase):
    def setUp(self) -> None:
        self.now = timezone.now()
        self.other_class = factories.create_class_offer(self.session, factories.create_subject(version="B"))
        self.classes = [self.class_offer, self.other_class]
        Subject.objects.update(multiple_purchase_discount=5)
        self.student = Student.objects.get(pk=self.student.pk)
        self.log_in(self.ada)

    def confirm_addresses(self) -> None:
        for account in (self.alice, self.gus):
            account.email_confirmed_at = self.now
            account.save()


class DeskOrderTest(DeskOrderTestCase):
    def enter(self, *, button: str = "add", student: Student | None = None, **more: Any) -> Any:
        values = {"classes": [one.pk for one in self.classes], button: "1"}
        typed = {} if student else {"first_name": "Wes", "last_name": "Walk-in", "email": "wes@example.org"}
        return self.client.post(f"{ENTER}?student={student.pk}" if student else ENTER, values | typed | more)

    def seen(self) -> dict[str, Decimal]:
        quote = self.client.get(ENTER).context["summary"].quote
        return {"seen_now": quote.now.total, "seen_door": quote.door.total}

    def press_place(self, **more: Any) -> Any:
        return self.client.post(ENTER, {"place": "1"} | more)

    def test_several_people_and_classes_are_one_order(self) -> None:
        self.assertRedirects(self.enter(student=self.kit), ENTER)
        self.assertRedirects(self.enter(), ENTER)
        page = self.client.get(ENTER)
        self.assertContains(page, "Multi-class discount", count=2)
        answer = self.press_place(**self.seen())
        order = Order.objects.get()
        self.assertRedirects(answer, reverse("desk_order", args=[order.pk]))
        self.assertEqual((order.lines.count(), order.payer_email, order.entered_by), (4, "gus@example.org", self.ada))
        self.assertEqual(Registration.objects.confirmed().count(), 4)
        self.assertEqual(Entry.objects.filter(action="registrations.registered_at_desk").count(), 4)
        self.assertNotContains(self.client.get(ENTER), "This order")

    def test_line_is_removed_and_the_rest_keeps_its_price(self) -> None:
        self.enter()
        self.assertRedirects(self.client.post(ENTER, {"remove": line(Order.objects.get()).pk}), ENTER)
        self.assertNotContains(self.client.get(ENTER), "Multi-class discount")
        self.press_place()
        self.assertEqual(Registration.objects.get().class_offer, self.other_class)

    def test_page_shows_that_the_student_already_has_a_spot(self) -> None:
        place(cart((self.class_offer, of(self.kit)), payer=self.gus))
        self.enter(student=self.kit)
        self.assertContains(self.client.get(ENTER), "Kit Gray already has a spot in this class.")
        self.assertContains(self.press_place(), "Kit Gray already has a spot in this class.")
        self.assertEqual(Registration.objects.count(), 1)

    def test_code_and_credit_of_the_payer_are_applied(self) -> None:
        self.confirm_addresses()
        DiscountCode.objects.create(code="tenoff", amount=10)
        credit.adjust_credit(self.gus, Decimal(7), "USD", why="x", by=self.ada)
        self.enter(student=self.kit, classes=[self.class_offer.pk], code="tenoff")
        self.press_place(code="tenoff", **self.seen())
        order = Order.objects.get()
        self.assertEqual((order.early_total, order.payer), (Decimal(65 - 10 - 7), self.gus))
        self.assertEqual(credit.credit_balance(self.gus, "USD"), 0)

    def test_refused_code_keeps_what_was_typed_and_adds_nothing(self) -> None:
        page = self.enter(code="nonsense")
        self.assertContains(page, "isn’t valid")
        self.assertContains(page, "wes@example.org")
        self.assertFalse(Order.objects.exists())

    def test_code_is_removed_when_its_field_is_emptied(self) -> None:
        DiscountCode.objects.create(code="tenoff", amount=10)
        self.enter(code="tenoff")
        self.press_place(code="")
        self.assertIsNone(Order.objects.get().discount_code)

    def test_order_is_not_placed_at_a_price_that_was_not_shown(self) -> None:
        self.enter()
        seen = self.seen()
        ClassOffer.objects.update(price=90)
        self.assertContains(self.press_place(**seen), "The price has changed")

    def test_refused_person_keeps_what_was_typed(self) -> None:
        self.enter()
        page = self.enter(button="place", first_name="Kim", email="not an address")
        self.assertContains(page, "not an address")
        self.assertEqual(Order.objects.get().state, Order.State.CART)

    def test_drop_in_is_added_to_the_same_order(self) -> None:
        ClassOffer.objects.update(drop_in_price=15)
        self.enter(classes=[self.other_class.pk])
        day = self.class_offer.meetings.all()[0]
        typed = {"what": "drop_in", "meeting": day.pk, "first_name": "Bo", "email": "bo@example.org", "add": "1"}
        answer = self.client.post(reverse("desk_sell_ticket", args=[self.class_offer.pk]), typed)
        self.assertRedirects(answer, ENTER)
        self.press_place()
        lines = Order.objects.get().lines.all()
        self.assertEqual(sorted(line.account_name for line in lines), ["class", "class-part"])

    def test_desk_order_is_no_cart_of_the_payer(self) -> None:
        self.confirm_addresses()
        self.enter(student=self.kit)
        self.log_in(self.gus)
        self.assertContains(self.client.get(reverse("cart")), "Your cart is empty")


class SamePriceTest(DeskOrderTestCase):
    """Whoever enters an order, it costs the same."""

    def test_carts_cost_the_same_at_the_desk_and_online(self) -> None:
        self.compare_carts(8)

    @tag("long")
    def test_hundreds_of_carts_cost_the_same_at_the_desk_and_online(self) -> None:
        self.compare_carts(300)

    def compare_carts(self, count: int) -> None:
        self.confirm_addresses()
        Student.objects.filter(pk=self.kit.pk).update(born_on=date(2015, 5, 1))
        children = [self.kit, *(factories.create_child(self.gus, name) for name in ("Lou", "Mia"))]
        self.classes += [factories.create_class_offer(self.session, factories.create_subject(version=v)) for v in "CD"]
        for number, class_offer in enumerate(self.classes):
            discounts = {"pre_pay_discount": number, "multiple_purchase_discount": 3 * number}
            Subject.objects.filter(pk=class_offer.subject_id).update(full_price=60 + 7 * number, **discounts)
        DiscountCode.objects.create(code="percent", percent=15)
        DiscountCode.objects.create(code="amount", amount=40)
        DiscountCode.objects.create(code="kit", percent=50, student=self.kit)
        credit.adjust_credit(self.gus, Decimal(33), "USD", why="x", by=self.ada)
        random = Random(14)
        for number in range(count):
            people = random.sample(children, random.randint(1, 3))
            chosen = [(person, random.sample(self.classes, random.randint(1, 4))) for person in people]
            code = random.choice(["", "percent", "amount", *(["kit"] if self.kit in people else [])])
            online, at_the_desk = self.online_totals(chosen, code), self.desk_totals(chosen, code)
            self.assertEqual(online, at_the_desk, f"cart {number}: {chosen} with code {code!r}")

    def online_totals(self, chosen: list[tuple[Student, list[ClassOffer]]], code: str) -> Any:
        order = carts.create_cart(self.gus)
        for person, classes in chosen:
            details = AttendeeDetails(of(person)).as_json()
            carts.add_lines(order, [OrderLine(kind="class", product_id=one.pk, details=details) for one in classes])
        carts.set_discount_code(order, code, self.now)
        return self.totals_of(order, carts.price_cart(order, self.now))

    def desk_totals(self, chosen: list[tuple[Student, list[ClassOffer]]], code: str) -> Any:
        order = carts.create_cart()
        for person, classes in chosen:
            desk_orders.enter_order(order, self.ada, DeskChoice(person, [one.pk for one in classes]))
        desk_orders.enter_order(order, self.ada, None, code)
        return self.totals_of(order, desk_orders.price_order(order, self.now))

    def totals_of(self, order: Order, snapshot: carts.CartSnapshot) -> Any:
        quote = snapshot.quote
        self.assertEqual([row.problems for row in snapshot.lines], [[]] * len(snapshot.lines))
        self.assertEqual(snapshot.code_problem, "")
        order.delete()
        return [
            (row.line.product_id, quote.now.lines[row.line.pk], quote.door.lines[row.line.pk]) for row in snapshot.lines
        ]
