"""Sales at the desk that take several steps: an order, its payment and what was bought."""

from django.db import transaction
from django.utils import timezone

from billing.domain.orders import cart as carts
from billing.domain.orders import placement
from billing.domain.payments import attempts
from billing.domain.vouchers.details import VoucherDetails
from billing.models import Order, Voucher
from common import dates
from history.domain import record_action
from users.models import User


@transaction.atomic
def sell_voucher(details: VoucherDetails, variant: str, *, payer_name: str, payer_email: str, by: User) -> Voucher:
    # The sale is an ordinary order that is paid at the desk.
    at = timezone.now()
    order = carts.create_cart()
    Order.objects.filter(pk=order.pk).update(payer_name=payer_name, payer_email=payer_email)
    carts.add_line(order, "voucher", 0, details.as_json())
    order = placement.place_order(order, placement.PlacementOptions(by_staff=by), seen=None, at=at)
    attempts.record_desk_payment(order, variant, order.early_total, by=by, received_on=dates.to_local_time(at).date())
    voucher = Voucher.objects.get(line__order=order)
    Voucher.objects.filter(pk=voucher.pk).update(issued_by=by)
    record_action(by, "billing.voucher_issued", voucher, worth=str(voucher.face_value), currency=voucher.currency)
    return voucher
