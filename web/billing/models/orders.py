"""Orders and their lines. A cart is an order that has not been placed."""

from datetime import date, datetime
from decimal import Decimal
from urllib.parse import urlencode

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from billing.models.fields import money_field
from common import links
from users.models import Student, User

CONFIRM = "order.door"


class OrderQuerySet(models.QuerySet["Order"]):
    def visible_to(self, user: User) -> "OrderQuerySet":
        """Return the orders of this account, and orders placed with its email address if that is confirmed."""
        is_payer = Q(payer=user)
        if user.email_confirmed_at:
            is_payer |= Q(payer=None, payer_email=user.email)
        return self.filter(is_payer).exclude(state=Order.State.CART)

    def placed(self) -> "OrderQuerySet":
        return self.exclude(state=Order.State.CART)

    def overdue(self, today: date) -> "OrderQuerySet":
        return self.filter(state=Order.State.PLACED, due_kind=Order.Due.DATE, due_date__lt=today)


class Order(models.Model):  # type: ignore[django-manager-missing]  # django-payments has no types
    class State(models.TextChoices):
        CART = "cart", _("Cart")
        PLACED = "placed", _("Not paid yet")
        PAID = "paid", _("Paid")
        EXPIRED = "expired", _("Expired")
        CANCELED = "canceled", _("Canceled")

    class Due(models.TextChoices):
        NOW = "now", _("now")
        DOOR = "door", _("at the door")
        DATE = "date", _("by a date")

    nonce = models.CharField(max_length=32, default=links.new_nonce, editable=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.CART, editable=False)
    payer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    payer_name = models.CharField(_("name"), max_length=200, blank=True)
    payer_email = models.EmailField(_("email"), max_length=254, blank=True)
    street = models.CharField(max_length=200, blank=True)
    city = models.CharField(max_length=100, blank=True)
    area = models.CharField(_("state or province"), max_length=100, blank=True)
    postcode = models.CharField(_("postal code"), max_length=15, blank=True)
    country = models.CharField(max_length=60, blank=True)
    currency = models.CharField(max_length=3, editable=False)

    discount_code = models.ForeignKey(
        "billing.DiscountCode", on_delete=models.SET_NULL, null=True, blank=True, related_name="orders"
    )
    vouchers = models.ManyToManyField(
        "billing.Voucher", blank=True, related_name="orders", help_text=_("Gift vouchers to spend on this order.")
    )
    discount_snapshot = models.JSONField(
        null=True, blank=True, editable=False, help_text=_("The code's terms when ordered.")
    )
    terms_version = models.CharField(max_length=40, blank=True, editable=False, help_text=_("The terms agreed to."))
    due_kind = models.CharField(max_length=4, choices=Due.choices, blank=True, editable=False)
    due_date = models.DateField(null=True, blank=True)
    held_until = models.DateTimeField(null=True, blank=True, editable=False)

    early_total = money_field(editable=False, help_text=_("Early price when ordered."))
    regular_total = money_field(editable=False, help_text=_("Regular price when ordered."))
    amount_charged = money_field(
        editable=False, help_text=_("What the order costs in money once it is paid, or the fees kept from it.")
    )
    returned_as_credit = money_field(editable=False, help_text=_("Paid money that was returned as account credit."))

    credit_retained = money_field(editable=False, help_text=_("Spent credit that cancellation terms kept back."))

    created_at = models.DateTimeField(auto_now_add=True)
    placed_at = models.DateTimeField(null=True, blank=True, editable=False)
    paid_at = models.DateTimeField(null=True, blank=True, editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False, help_text=_("Expired or canceled."))
    reminded_at = models.DateTimeField(null=True, blank=True, editable=False)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="+"
    )

    objects = OrderQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "held_until"]), models.Index(fields=["payer_email"])]
        constraints = [
            models.UniqueConstraint(
                fields=["payer"], condition=Q(state="cart") & ~Q(payer=None), name="billing_order_one_cart_per_account"
            ),
            models.CheckConstraint(
                condition=Q(
                    early_total__gte=0,
                    regular_total__gte=0,
                    amount_charged__gte=0,
                    returned_as_credit__gte=0,
                    credit_retained__gte=0,
                ),
                name="billing_order_totals",
            ),
            models.CheckConstraint(
                condition=Q(state="cart", placed_at=None) | (~Q(state="cart") & ~Q(placed_at=None) & ~Q(due_kind="")),
                name="billing_order_placed_has_time_and_kind",
            ),
            models.CheckConstraint(
                condition=Q(state="paid", paid_at__isnull=False) | (~Q(state="paid") & Q(paid_at=None)),
                name="billing_order_paid_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(due_kind="now", held_until=None) & ~Q(due_kind="date", due_date=None),
                name="billing_order_due_date_given",
            ),
            models.CheckConstraint(
                condition=~Q(state="expired") | Q(due_kind__in=["now", "door"]),
                name="billing_order_due_by_date_never_expires",
            ),
            models.CheckConstraint(
                condition=~Q(due_kind="date", held_until__isnull=False), name="billing_order_due_by_date_has_no_hold"
            ),
        ]
        permissions = [
            ("give_credit", "Can give and withdraw credit"),
            ("cancel_order", "Can cancel orders and order lines"),
            ("pay_later", "Can order now and pay by a date"),
        ]

    def __str__(self) -> str:
        return f"order {self.number}"

    @property
    def number(self) -> str:
        return f"{self.pk}"

    @property
    def total(self) -> Decimal:
        """Return the amount for lists, which is stored with the order so that they need not load its lines."""
        if self.state in (self.State.PAID, self.State.CANCELED):
            return self.amount_charged
        return self.regular_total if self.due_kind == self.Due.DOOR else self.early_total

    def belongs_to(self, user: User) -> bool:
        # The rule is the same as in OrderQuerySet.visible_to.
        if self.payer_id is not None:
            return self.payer_id == user.pk
        return user.email_confirmed_at is not None and self.payer_email == user.email

    def address(self, name: str = "order", *more: int) -> str:
        """Build the secret address, whose holder may see the order. It is never stored."""
        key = links.sign_token("order", self.pk, self.nonce)
        return f"{reverse(name, args=[self.pk, *more])}?{urlencode({'key': key})}"

    @property
    def pay_address(self) -> str:
        return self.address("order_pay")

    @property
    def stop_payment_address(self) -> str:
        return self.address("order_stop_payment")

    @property
    def voucher_address(self) -> str:
        return self.address("order_voucher")

    @property
    def door_address(self) -> str:
        return self.address("order_door")

    @property
    def link_address(self) -> str:
        return self.address("order_link")

    @property
    def cancel_address(self) -> str:
        return self.address("order_cancel")

    @property
    def again_address(self) -> str:
        return self.address("order_again")

    @property
    def receipt_address(self) -> str:
        return self.address("order_receipt")

    def has_expired(self, at: datetime | None = None) -> bool:
        # The hold ends at its time, even if the job has not changed the state of the order yet.
        if self.state == self.State.EXPIRED:
            return True
        at = at or timezone.now()
        return self.state == self.State.PLACED and self.held_until is not None and self.held_until <= at

    @property
    def is_paid(self) -> bool:
        return self.state == self.State.PAID

    @property
    def is_paid_later(self) -> bool:
        return self.state == self.State.PLACED and self.due_kind != self.Due.NOW

    @property
    def awaits_click(self) -> bool:
        """Return whether an order at the door, placed without an account, still has to be confirmed by a link."""
        return self.state == self.State.PLACED and self.due_kind == self.Due.DOOR and self.held_until is not None

    @property
    def confirm_address(self) -> str:
        """Build the address for the mail only, because it proves that the visitor reads the payer's mail."""
        key = links.sign_token(CONFIRM, self.pk, self.nonce)
        return f"{reverse('order_confirm', args=[self.pk])}?{urlencode({'key': key})}"

    def is_overdue(self, at: datetime | None = None) -> bool:
        has_due_date = self.state == self.State.PLACED and self.due_kind == self.Due.DATE
        return has_due_date and self.due_date is not None and self.due_date < timezone.localdate(at)

    def can_be_paid(self, at: datetime | None = None) -> bool:
        return self.state == self.State.PLACED and not self.has_expired(at)


class CanceledBy(models.TextChoices):
    """Who ended a line, and by what right."""

    TERMS = "terms", "canceled by the payer"
    WITHDRAWAL = "withdrawal", "withdrawn by the payer"
    ATTENDEE = "attendee", "canceled by the student"
    STAFF = "staff", "canceled by the school"


class OrderLine(models.Model):
    CHOICE = (
        "kind",
        "product_id",
        "part_id",
        "details",
        "student_id",
        "role",
        "is_trial",
        "waitlist_entry_id",
        "moved_from_id",
        "by_desk",
        "may_join_late",
        "over_capacity",
        "difference_waived",
        "exchanged_from_id",
    )
    """What is ordered, as opposed to what it costs and what became of it."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    kind = models.CharField(max_length=20)
    product_id = models.BigIntegerField()
    part_id = models.BigIntegerField(
        null=True, blank=True, help_text=_("The part of the product, such as one day of a class. Empty for all of it.")
    )
    details = models.JSONField(
        default=dict,
        blank=True,
        encoder=DjangoJSONEncoder,
        help_text=_("What the buyer typed, as the product kind stores it. It decides nothing."),
    )
    student = models.ForeignKey(
        Student,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="order_lines",
        help_text=_("Who attends. A person who was only named is found or created when the order is placed."),
    )
    role = models.CharField(max_length=30, blank=True)
    is_trial = models.BooleanField(default=False)
    waitlist_entry_id = models.BigIntegerField(
        null=True, blank=True, help_text=_("The waitlist entry whose offer the line accepts.")
    )
    moved_from_id = models.BigIntegerField(
        null=True, blank=True, help_text=_("The spot that the line moves to another product.")
    )
    by_desk = models.BooleanField(default=False, help_text=_("The desk entered it, or overrides what follows."))
    may_join_late = models.BooleanField(default=False)
    over_capacity = models.BooleanField(default=False)
    difference_waived = models.BooleanField(default=False)
    title = models.CharField(max_length=200, blank=True)
    detail = models.CharField(max_length=300, blank=True)
    price_facts = models.JSONField(null=True, blank=True, help_text=_("The price facts when ordered."))
    price_steps = models.JSONField(
        null=True, blank=True, editable=False, help_text=_("How the two totals were calculated when ordered.")
    )
    sold_terms = models.JSONField(
        null=True, blank=True, editable=False, help_text=_("The cancellation terms when ordered.")
    )
    early_total = money_field(editable=False)
    regular_total = money_field(editable=False)
    retained = money_field(editable=False, help_text=_("What the cancellation terms kept back."))
    canceled_at = models.DateTimeField(_("canceled at"), null=True, blank=True, editable=False)
    cancellation = models.JSONField(null=True, blank=True, editable=False, help_text=_("The result of canceling it."))
    exchanged_from = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        editable=False,
        related_name="exchanged_to",
        help_text=_("The earlier, paid line whose spot this one takes."),
    )
    reserves_exchange = models.BooleanField(
        default=False, editable=False, help_text=_("Its order is placed, so the line it replaces is reserved for it.")
    )
    exchanged_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When its spot went to another line.")
    )

    class Meta:
        verbose_name = _("line")
        ordering = ["id"]
        indexes = [models.Index(fields=["kind", "product_id"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(early_total__gte=0, regular_total__gte=0, retained__gte=0), name="billing_line_totals"
            ),
            models.UniqueConstraint(
                fields=["exchanged_from"],
                condition=Q(reserves_exchange=True, canceled_at=None),
                name="billing_line_exchanged_once",
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"{self.kind} {self.product_id}"

    @property
    def product(self) -> tuple[str, int, int | None]:
        return self.kind, self.product_id, self.part_id

    @property
    def account_name(self) -> str:
        """Return the name of its account in the ledger."""
        return self.kind if self.part_id is None else f"{self.kind}-part"

    @property
    def is_canceled(self) -> bool:
        # A line that was canceled with its unpaid order has no date of its own.
        return self.canceled_at is not None or self.order.state == Order.State.CANCELED

    @property
    def was_canceled_alone(self) -> bool:
        """Return whether the line has a refund of its own, unlike one that was canceled with its unpaid order."""
        return self.canceled_at is not None and bool(self.cancellation)

    @property
    def ordered_together(self) -> "list[OrderLine]":
        """All lines of the order. A line that is not saved is only quoted, by itself."""
        return [self] if self.pk is None else list(self.order.lines.all())

    def successor(self, at: datetime) -> "OrderLine | None":
        """Return the line of a placed order that was exchanged for this one, or is being exchanged."""
        successors = (line for line in self.exchanged_to.all() if line.reserves_exchange and line.canceled_at is None)
        line = next(successors, None)
        return None if line is None or line.order.has_expired(at) else line

    @property
    def became(self) -> "OrderLine | None":
        if self.exchanged_at is None:
            return None
        return self.exchanged_to.filter(reserves_exchange=True).select_related("order").first()

    def given_away(self, at: datetime) -> str:
        """Return a sentence if the line cannot be changed because of an exchange, else ""."""
        successor = self.successor(at)
        return "" if successor is None else self.given_away_to(successor)

    def given_away_to(self, successor: "OrderLine") -> str:
        values = {"line": self, "successor": successor, "order_number": successor.order.number}
        if self.exchanged_at:
            return gettext("%(line)s was exchanged for %(successor)s (order %(order_number)s).") % values
        return gettext("%(line)s is being exchanged for %(successor)s (order %(order_number)s).") % values

    @property
    def cancel_address(self) -> str:
        return self.order.address("order_cancel_line", self.pk)

    @property
    def ended_by(self) -> str:
        return str((self.cancellation or {}).get("by", ""))
