"""Mail repeats names that visitors typed, and they can type any recipient. So a name cannot contain a web address."""

from typing import Any

from django.test import SimpleTestCase
from django.urls import reverse

from billing.forms import PayerForm
from billing.forms.vouchers import IssueVoucherForm, VoucherForm
from pages.forms import ContactForm
from registrations.forms.registration import OtherPersonForm
from registrations.forms.waitlist import JoinWaitlistForm
from tests.base import SchoolTestCase
from users.forms.account import NamesForm
from users.forms.care import StudentForm
from users.forms.fields import NameField
from users.forms.office import AccountForm, NewAccountForm, RecordForm
from users.forms.signup import SignUpForm

FORMS: list[tuple[Any, str]] = [
    (SignUpForm, "first_name"),
    (SignUpForm, "last_name"),
    (NamesForm, "first_name"),
    (StudentForm, "last_name"),
    (OtherPersonForm, "first_name"),
    (JoinWaitlistForm, "partner_first_name"),
    (PayerForm, "payer_name"),
    (VoucherForm, "recipient_name"),
    (VoucherForm, "giver_name"),
    (ContactForm, "name"),
    (AccountForm, "first_name"),
    (NewAccountForm, "last_name"),
    (RecordForm, "first_name"),
    (IssueVoucherForm, "payer_name"),
]
ADDRESSES = [
    "You won $1000 visit http://evil.example/win now",
    "HTTPS://EVIL.EXAMPLE",
    "ftp://evil.example",
    "Click www.evil.example",
    "evil.example/win",
    "Go to evil.com",
    "evil.com.",
    "WWW.evil",
    "hxxp：//evil",
    "evil.de",
    "Win at evil.me now",
    "BIT.LY",
    "t.co",
    "my-evil2.eu",
    "St.Evil.de",
    "St.evil",
    "http:evil.de",
    "a@evil.de",
    "a@b",
    "1.2.3.4/x",
    "192.0.2.1",
]
NAMES = [
    "J.R. Smith",
    "St.John",
    "St. John",
    "Mr.Bean",
    "J.R.R.Tolkien",
    "Ph.D. Ann Lee",
    "Anne-Marie O’Neil",
    "Łukasz",
    "Mr. T",
    "Ed Jr.",
    "王 小明",
    "M.Sc. Ann Lee",
    "Ann w/ Bo",
]


class NameFormsTest(SchoolTestCase):
    def test_every_name_field_refuses_web_addresses(self) -> None:
        for form, name in FORMS:
            with self.subTest(f"{form.__name__}.{name}"):
                self.assertIsInstance(form.base_fields[name], NameField)

    def test_admin_forms_refuse_web_addresses_in_names(self) -> None:
        self.ada.is_superuser = True
        self.ada.save()
        self.log_in(self.ada)
        for path in (reverse("admin:users_student_add"), reverse("admin:users_user_change", args=[self.gus.pk])):
            with self.subTest(path):
                page = self.client.get(path)
                inlines = [inline.formset.form for inline in page.context["inline_admin_formsets"]]
                forms = [page.context["adminform"].form, *inlines]
                name_fields = [
                    form.base_fields[name]
                    for form in forms
                    for name in ("first_name", "last_name")
                    if name in form.base_fields
                ]
                self.assertTrue(name_fields)
                for field in name_fields:
                    self.assertIsInstance(field, NameField)

    def test_sign_up_with_web_address_as_name_shows_an_error(self) -> None:
        form_data = {"first_name": ADDRESSES[0], "email": "victim@example.org"}
        page = self.client.post(reverse("signup"), form_data)
        self.assertContains(page, "Please enter a name without a web address.")


class NameFieldTest(SimpleTestCase):
    def test_web_addresses_are_refused(self) -> None:
        for text in ADDRESSES:
            with self.subTest(text):
                form = NamesForm({"first_name": text})
                self.assertEqual(form.errors.get("first_name"), ["Please enter a name without a web address."])

    def test_names_with_periods_hyphens_and_slashes_are_accepted(self) -> None:
        for text in NAMES:
            with self.subTest(text):
                self.assertEqual(NamesForm({"first_name": text}).errors, {})
