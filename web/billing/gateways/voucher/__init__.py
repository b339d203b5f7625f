"""The gateway for payments with gift vouchers. The money is in our own records, so no other service is called."""

from billing.gateways import Gateway


class GiftVoucher(Gateway):
    label = "Gift voucher"
    inside = True
