"""What billing refuses. The sentence is for the payer or for staff, the code is for programs."""

from django.utils.translation import gettext_lazy as _

from common.errors import PermanentFailure, Refusal


class ProductUnavailable(Refusal):
    """The product cannot be bought, or not anymore."""

    code = "product_unavailable"

    def __init__(self, sentence: object = "", *, title: str = "") -> None:
        super().__init__(sentence)
        self.title = title
        """The line that cannot be bought, if there are several."""


# -- orders -------------------------------------------------------------------------------------------------------


class OrderRefused(Refusal):
    code = "order_refused"


class CartFull(OrderRefused):
    code = "cart_full"

    def __init__(self) -> None:
        super().__init__(_("That’s too many for one order. Please order in two steps."))


class OrderNotPlaced(OrderRefused):
    code = "not_placed"


class OrderAlreadyPlaced(OrderRefused):
    """The payer clicked twice. The first click placed the order."""

    code = "already_placed"


class ConfirmationLinkExpired(OrderRefused):
    code = "link_expired"


class CancellationChanged(OrderRefused):
    """The cancellation would now have another result than the one that was shown."""

    code = "quote_changed"


class OrderTransitionRefused(OrderRefused):
    """The state of the order does not allow this."""

    code = "wrong_state"


class AlreadyCanceled(OrderTransitionRefused):
    """A second click, or another tab, has already canceled the line."""

    code = "already_canceled"


class PaymentInProgress(OrderTransitionRefused):
    code = "payment_in_progress"


# -- payments -----------------------------------------------------------------------------------------------------


class PaymentRefused(Refusal):
    code = "payment_refused"


class NoOpenBalance(PaymentRefused):
    """The order has no balance that can be paid now."""

    code = "no_balance"


class InsufficientCredit(PaymentRefused):
    code = "insufficient_credit"


class DiscountCodeRefused(PaymentRefused):
    code = "code_refused"


class VoucherActionRefused(PaymentRefused):
    code = "voucher_refused"


# -- refunds ------------------------------------------------------------------------------------------------------


class RefundRefused(Refusal):
    code = "refund_refused"


class RefundExceedsPaid(RefundRefused):
    """The amount exceeds what was paid and not refunded yet."""

    code = "exceeds_paid"


class BalanceChanged(RefundRefused):
    """The balance has changed since staff saw it, by a second click or by a colleague."""

    code = "balance_changed"


class PaymentDisputed(RefundRefused):
    """The bank has not decided about a disputed payment yet."""

    code = "disputed"


# -- gateways -----------------------------------------------------------------------------------------------------


class WebhookRejected(Refusal):
    """The webhook was not sent by the gateway, or was altered."""

    code = "webhook_rejected"


class NotRecordedYet(Refusal):
    """The webhook is about something that we have not recorded yet. The gateway must send it again."""

    code = "not_recorded_yet"


class AmountUnsupported(PermanentFailure):
    """The gateway cannot represent this amount. It is refused, never rounded."""
