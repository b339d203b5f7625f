"""Gift vouchers: one that Gus bought for a birthday, and one that the school gave away."""

from datetime import timedelta
from decimal import Decimal

from billing.domain import desk_sales
from billing.domain.vouchers import office
from billing.domain.vouchers.details import VoucherDetails
from billing.models import Voucher
from common import dates
from users.models import User

BIRTHDAY_MESSAGE = "Happy birthday! You said you would, one day.\nWe will come along for the first evening."


def load() -> None:
    if Voucher.objects.exists():
        return
    ada = User.objects.get(email="ada@example.org")
    bought = VoucherDetails(
        Decimal(75),
        recipient_name="Rosa",
        recipient_email="rosa.demo@example.org",
        giver_name="Gus and Kit",
        message=BIRTHDAY_MESSAGE,
        deliver_on=dates.local_today() + timedelta(days=10),
    )
    desk_sales.sell_voucher(bought, "cash", payer_name="Gus Gray", payer_email="gus@example.org", by=ada)
    prize = {"recipient_name": "Femi", "giver_name": "", "message": "First prize of the summer raffle."}
    office.issue_free_voucher(Decimal(25), None, prize, why="The raffle", by=ada)
