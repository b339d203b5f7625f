"""The refusals of this app."""

from common.errors import Refusal


class DeliveryActionRefused(Refusal):
    """The delivery has changed since the page was shown."""

    code = "delivery_changed"
