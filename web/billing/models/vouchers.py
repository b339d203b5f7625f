"""Gift vouchers and the ledger of their balance. A voucher is created when it is paid for."""

from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from billing.models.append_only import AppendOnlyModel
from billing.models.fields import money_field
from billing.models.orders import Order, OrderLine
from billing.models.payments import Payment, Refund
from common import dates, links
from common.days import DayColumn
from common.formats import format_money

PURPOSE = "voucher"
KEY_AGE = timedelta(days=365 * 50)
"""The address is valid as long as a printed voucher; the row of the voucher decides whether it can be used."""
CODE_LENGTH = 12
GROUP = 4
LONGEST_MESSAGE = 500


class VoucherQuerySet(models.QuerySet["Voucher"]):
    def with_balance(self) -> "VoucherQuerySet":
        """Return vouchers that are neither void nor used up. Expired vouchers are included."""
        return self.filter(voided_at=None, balance__gt=0)

    def usable(self, today: date) -> "VoucherQuerySet":
        return self.with_balance().filter(Q(expires_on=None) | Q(expires_on__gte=today))

    def expired(self, today: date) -> "VoucherQuerySet":
        return self.with_balance().filter(expires_on__lt=today)


class Voucher(models.Model):
    nonce = models.CharField(max_length=32, default=links.new_nonce, editable=False)
    code = models.CharField(max_length=CODE_LENGTH, unique=True, editable=False)
    line = models.OneToOneField(
        OrderLine, on_delete=models.PROTECT, null=True, blank=True, editable=False, related_name="voucher"
    )
    currency = models.CharField(max_length=3, editable=False)
    face_value = money_field(editable=False)
    balance = money_field(editable=False, help_text=_("The sum of its entries, so that the database can guard it."))
    kind = models.CharField(
        max_length=20, blank=True, editable=False, help_text=_("The only kind of product it pays for; empty for all.")
    )
    gift_reference = models.CharField(
        max_length=60, blank=True, editable=False, help_text=_("The only product it pays for, as its kind names it.")
    )
    title = models.CharField(max_length=200, blank=True, editable=False)
    recipient_name = models.CharField(max_length=100, blank=True)
    recipient_email = models.EmailField(max_length=254, blank=True)
    giver_name = models.CharField(max_length=100, blank=True)
    message = models.TextField(blank=True, validators=[MaxLengthValidator(LONGEST_MESSAGE)])
    deliver_on = models.DateField(null=True, blank=True, help_text=_("When the recipient gets the mail."))
    delivered_at = models.DateTimeField(null=True, blank=True, editable=False)
    expires_on = DayColumn(null=True, blank=True, help_text=_("The last day; empty for never."))
    reminded_for = models.DateField(
        null=True, blank=True, editable=False, help_text=_("The expiry date of the last reminder.")
    )
    voided_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    objects = VoucherQuerySet.as_manager()

    class Meta:
        verbose_name = _("gift voucher")
        ordering = ["-id"]
        indexes = [models.Index(fields=["deliver_on"]), models.Index(fields=["expires_on"])]
        constraints = [
            models.CheckConstraint(condition=Q(face_value__gt=0), name="billing_voucher_face_value_positive"),
            models.CheckConstraint(
                condition=Q(balance__gte=0, balance__lte=F("face_value")),
                name="billing_voucher_balance_within_face_value",
            ),
            models.CheckConstraint(
                condition=~Q(kind="") | Q(gift_reference=""), name="billing_voucher_gift_reference_has_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"gift voucher {self.mark}"

    @property
    def mark(self) -> str:
        """Return the end of the code, which identifies the voucher but cannot be redeemed."""
        return f"…{self.code[-GROUP:]}"

    @property
    def grouped(self) -> str:
        return "-".join(self.code[at : at + GROUP] for at in range(0, CODE_LENGTH, GROUP))

    @property
    def address(self) -> str:
        """Build the secret address of the page to print, which shows the code. It is never stored."""
        return reverse("voucher", args=[links.sign_token(PURPOSE, self.pk, self.nonce)])

    @property
    def used(self) -> Decimal:
        return self.face_value - self.balance

    @property
    def gift(self) -> str:
        return self.title or format_money(self.face_value, self.currency)

    def has_expired(self, today: date | None = None) -> bool:
        return self.expires_on is not None and self.expires_on < (today or dates.local_today())


class VoucherEntry(AppendOnlyModel):
    """An entry of a voucher's balance."""

    class Reason(models.TextChoices):
        SOLD = "sold", _("Bought")
        GIVEN = "given", _("Given by the school")
        USED = "used", _("Used")
        BACK = "back", _("Returned from an order")
        REVERSED = "reversed", _("Its purchase was reversed")
        VOID = "void", _("Made void by the school")

    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="entries")
    reason = models.CharField(max_length=10, choices=Reason.choices)
    amount = money_field(help_text=_("Negative when the voucher was spent."))
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, blank=True, related_name="voucher_entries")
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="voucher_entry"
    )
    refund = models.OneToOneField(Refund, on_delete=models.PROTECT, null=True, blank=True, related_name="voucher_entry")
    note = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("voucher entry")
        verbose_name_plural = _("voucher entries")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reason__in=["used", "reversed", "void"], amount__lt=0)
                | Q(reason__in=["sold", "given", "back"], amount__gt=0),
                name="billing_voucher_entry_sign_fits_reason",
            ),
            models.CheckConstraint(
                condition=Q(reason="used", payment__isnull=False) | ~Q(reason="used") & Q(payment=None),
                name="billing_voucher_entry_used_by_payment",
            ),
            models.CheckConstraint(
                condition=Q(reason="back", refund__isnull=False) | ~Q(reason="back") & Q(refund=None),
                name="billing_voucher_entry_returned_by_refund",
            ),
            models.CheckConstraint(
                condition=Q(order__isnull=False) | Q(reason__in=["given", "void"]),
                name="billing_voucher_entry_names_order",
            ),
            models.CheckConstraint(
                condition=~Q(reason__in=["given", "void"]) | ~Q(note=""), name="billing_voucher_entry_has_note"
            ),
            models.UniqueConstraint(
                fields=["voucher"], condition=Q(reason__in=["sold", "given"]), name="billing_voucher_issued_once"
            ),
        ]

    @property
    def came_back(self) -> bool:
        return self.reason == self.Reason.BACK

    def __str__(self) -> str:
        return f"{self.get_reason_display()}: {format_money(self.amount, self.voucher.currency)}"
