"""Discount codes in the admin and in the cart."""

import re
from datetime import date, datetime, time, timedelta

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.urls import reverse

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.pricing import discount_codes
from billing.errors import DiscountCodeRefused
from billing.models import DiscountCode, Order
from common import dates
from tests.billing.checkout import CheckoutTestCase
from tests.billing.toys import Toy, ToyKind

ADD = "/admin/billing/discountcode/add/"


class DiscountCodeAdminTest(CheckoutTestCase):
    def add(self, **more: str) -> HttpResponse:
        self.log_in(self.ada)
        return self.client.post(ADD, {"code": "SPRING", "percent": "10"} | more)

    def test_code_form_offers_the_products_that_are_sold(self) -> None:
        self.log_in(self.ada)
        page = self.client.get(ADD).content.decode()
        select = page[page.index('name="applies_to"') :].partition("</select>")[0]
        labels = re.findall(r"<option[^>]*>([^<]*)<", select)
        self.assertEqual(labels, ["Everything", "All toys", "Toy 1", "Toy 2", "Toy 3"])
        self.assertNotIn('name="product_id"', page)
        self.assertIn("admin-autocomplete", page)

    def test_code_stores_the_chosen_product_or_kind(self) -> None:
        for chosen, stored in (("toy:2", ("toy", 2)), ("toy", ("toy", None)), ("", ("", None))):
            with self.subTest(chosen):
                self.assertEqual(self.add(applies_to=chosen).status_code, 302)
                code = DiscountCode.objects.get()
                self.assertEqual((code.kind, code.product_id), stored)
                page = self.client.get(f"/admin/billing/discountcode/{code.pk}/change/").content.decode()
                self.assertIn(f'<option value="{chosen}" selected', page)
                code.delete()

    def test_code_form_refuses_products_that_are_not_sold(self) -> None:
        for chosen in ("class", "toy:99999", "voucher", "toy:x", "2"):
            with self.subTest(chosen):
                self.assertContains(self.add(applies_to=chosen), "Select a valid choice")
        self.assertFalse(DiscountCode.objects.exists())

    def test_code_for_an_unknown_product_fails_validation(self) -> None:
        for wrong in ("class", "toy:99999", "toy:parts", "voucher"):
            with self.subTest(wrong), self.assertRaises(ValidationError):
                discount_codes.set_scope(DiscountCode(code="x", percent=10), wrong)

    def test_code_cannot_expire_before_it_is_valid(self) -> None:
        with self.assertRaises(IntegrityError), transaction.atomic():
            DiscountCode.objects.create(
                code="x", percent=10, valid_from=self.time_in_days(2), valid_until=self.time_in_days(1)
            )

    def test_code_for_a_product_that_is_no_longer_offered_can_be_edited(self) -> None:
        ToyKind.catalogue[77] = Toy(offered=False)
        code = DiscountCode.objects.create(code="old", percent=10, kind="toy", product_id=77)
        self.log_in(self.ada)
        address = f"/admin/billing/discountcode/{code.pk}/change/"
        self.assertContains(self.client.get(address), '<option value="toy:77" selected')

    def test_code_list_shows_the_scope_and_the_number_of_uses(self) -> None:
        DiscountCode.objects.create(code="two", percent=10, kind="toy", product_id=2)
        DiscountCode.objects.create(code="all", percent=10, kind="toy")
        cart = self.create_cart(2)
        carts.set_discount_code(cart, "two", self.now)
        placement.place_order(cart, placement.PlacementOptions(Order.Due.DOOR), seen=None, at=self.now)
        self.log_in(self.ada)
        page = self.client.get("/admin/billing/discountcode/").content.decode()
        cells = re.findall(r"field-(?:scope|used)[^>]*>([^<]*)<", page)
        self.assertEqual(cells, ["All toys", "0", "Toy 2", "1"])


class DiscountCodeExpirationTest(CheckoutTestCase):
    def add(self, day: str, clock: str) -> DiscountCode:
        self.log_in(self.ada)
        typed = {"code": "SPRING", "percent": "10", "valid_until_0": day, "valid_until_1": clock}
        self.assertEqual(self.client.post(ADD, typed).status_code, 302)
        return DiscountCode.objects.get()

    def assertEndsAt(self, code: DiscountCode, end: datetime) -> None:
        discount_codes.check_code(code, None, end - timedelta(microseconds=1))
        with self.assertRaisesMessage(DiscountCodeRefused, discount_codes.EXPIRED):
            discount_codes.check_code(code, None, end)

    def test_code_with_an_end_time_expires_at_that_time(self) -> None:
        self.assertEndsAt(self.add("2027-03-13", "18:30"), dates.local_moment(date(2027, 3, 13), time(18, 30)))

    def test_code_with_an_end_date_is_valid_through_that_day(self) -> None:
        for day, next_day in (("2027-03-13", date(2027, 3, 14)), ("2027-03-14", date(2027, 3, 15))):
            with self.subTest(day):
                code = self.add(day, "")
                self.assertEndsAt(code, dates.local_moment(next_day, time.min))
                code.delete()

    def test_code_form_shows_the_end_date_as_entered(self) -> None:
        code = self.add("2027-03-13", "")
        page = self.client.get(f"/admin/billing/discountcode/{code.pk}/change/").content.decode()
        day, clock = (re.search(rf'<input[^>]*name="valid_until_{part}"[^>]*>', page)[0] for part in (0, 1))
        self.assertIn('value="2027-03-13"', day)
        self.assertNotIn("value=", clock)
        self.assertContains(self.client.get("/admin/billing/discountcode/"), "Through Sat, Mar 13, 2027")

    def test_code_form_shows_the_end_date_and_time_as_entered(self) -> None:
        code = self.add("2027-03-13", "18:30")
        page = self.client.get(f"/admin/billing/discountcode/{code.pk}/change/").content.decode()
        day, clock = (re.search(rf'<input[^>]*name="valid_until_{part}"[^>]*>', page)[0] for part in (0, 1))
        self.assertIn('value="2027-03-13"', day)
        self.assertIn('value="18:30"', clock)
        self.assertContains(self.client.get("/admin/billing/discountcode/"), "Sat, Mar 13, 2027, 6:30 PM")

    def test_end_time_without_a_date_is_refused(self) -> None:
        self.log_in(self.ada)
        typed = {"code": "SPRING", "percent": "10", "valid_until_0": "", "valid_until_1": "18:30"}
        self.assertContains(self.client.post(ADD, typed), "Enter a valid date.")


class DiscountCodeUseTest(CheckoutTestCase):
    def enter(self, text: str) -> HttpResponse:
        return self.client.post(reverse("checkout_code"), {"code": text}, follow=True)

    def test_code_for_another_product_names_that_product_and_is_not_applied(self) -> None:
        DiscountCode.objects.create(code="two", percent=10, kind="toy", product_id=2)
        cart = self.put_in_cart(1)
        self.assertContains(self.enter("TWO"), "This code is for Toy 2. Add it to your cart to use the code.")
        cart.refresh_from_db()
        self.assertIsNone(cart.discount_code)

    def test_code_for_a_product_kind_names_that_kind(self) -> None:
        DiscountCode.objects.create(code="toys", percent=10, kind="toy")
        carts.add_line(self.put_in_cart(), "voucher", 0, {"amount": "50"})
        self.assertContains(self.enter("toys"), "This code is for toys. Add one to your cart to use the code.")

    def test_code_does_not_apply_to_gift_vouchers(self) -> None:
        DiscountCode.objects.create(code="ten", percent=10)
        carts.add_line(self.put_in_cart(), "voucher", 0, {"amount": "50"})
        self.assertContains(self.enter("ten"), "Discount codes can’t be used for gift vouchers.")

    def test_personal_code_names_its_student_only_to_their_guardian(self) -> None:
        DiscountCode.objects.create(code="kit", percent=10, student=self.kit)
        self.put_in_cart(1, attendee="Lee")
        self.assertContains(self.enter("kit"), discount_codes.UNKNOWN)
        self.log_in(self.gus)
        self.put_in_cart(1, attendee="Lee")
        page = self.enter("kit")
        self.assertContains(page, "This code is for Kit Gray. Add something for Kit Gray to your cart to use the code.")

    def test_unknown_code_is_refused(self) -> None:
        self.put_in_cart(1)
        self.assertContains(self.enter("nonsense"), "That code isn’t valid for this order.")

    def test_code_is_removed_with_the_last_line_it_applies_to_and_the_page_says_so(self) -> None:
        DiscountCode.objects.create(code="two", percent=10, kind="toy", product_id=2)
        cart = self.put_in_cart(1, 2)
        self.enter("two")
        line = cart.lines.get(product_id=1)
        self.assertNotContains(self.client.post(reverse("cart_remove", args=[line.pk]), follow=True), "removed")
        line = cart.lines.get()
        page = self.client.post(reverse("cart_remove", args=[line.pk]), follow=True)
        self.assertContains(page, "The code TWO was removed. This code is for Toy 2.")
        cart.refresh_from_db()
        self.assertIsNone(cart.discount_code)

    def test_order_is_not_placed_with_a_code_that_applies_to_no_line(self) -> None:
        code = DiscountCode.objects.create(code="two", percent=10, kind="toy", product_id=2)
        cart = self.put_in_cart(1)
        Order.objects.filter(pk=cart.pk).update(discount_code=code)
        page = self.client.get(reverse("checkout"))
        self.assertContains(page, "This code is for Toy 2.")
        self.assertContains(self.submit_order(follow=True), "This code is for Toy 2.")
        self.assertFalse(Order.objects.placed().exists())
