from dataclasses import dataclass

from outbox.declare import EventType


@dataclass(frozen=True)
class Tested:
    """Somebody opened a URL for testing."""

    run: str
    sender: str


@dataclass(frozen=True)
class PurchaseComplete:
    """A purchase was paid for. This is the first of two steps."""

    order: str
    products: list[str]


@dataclass(frozen=True)
class ProductPurchased:
    """One product of a purchase was bought. This is the second step."""

    order: str
    product: str


TESTED = EventType("demo_lms.tested", Tested, subject=("demo_test", "run"))
CELERY_TESTED = EventType("demo_lms.celery_tested", Tested, subject=("demo_test", "run"))
PURCHASE_COMPLETE = EventType("demo_lms.purchase_complete", PurchaseComplete, subject=("demo_order", "order"))
PRODUCT_PURCHASED = EventType("demo_lms.product_purchased", ProductPurchased, subject=("demo_order", "order"))
