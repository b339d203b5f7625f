"""The levels that a new school starts with. An admin can change them."""

from decimal import Decimal
from typing import Any

from classwork.models import Level

ABCD = "A, B, C, D"
STEPS: list[tuple[str, str, str, dict[str, Any]]] = [
    (
        "Beginning",
        "Beg",
        "1",
        {"rule": "A|C, B|D", "planned_versions": ABCD, "started": Decimal(1), "done": Decimal(2)},
    ),
    ("Level 2", "L2", "2", {"rule": ABCD, "planned_versions": ABCD, "done": Decimal("2.5"), "done_twice": Decimal(3)}),
    ("Level 3", "L3", "3", {"rule": ABCD, "planned_versions": ABCD, "done": Decimal("3.5"), "done_twice": Decimal(4)}),
    ("Level 4", "L4", "4", {"rule": ABCD, "planned_versions": ABCD}),
]
OTHER_KINDS = [
    ("Workshop", "WS", "2.5"),
    ("Specialty", "Spec", "3.5"),
    ("Private lesson", "Priv", "0"),
    ("Private lesson package", "PrivSet", "0"),
    ("Other", "Other", "0"),
]


def create_starter_levels(using: str = "default") -> None:
    """Does nothing if there is any level already."""
    if Level.objects.using(using).exists():
        return
    ladder = [Level(name=name, code=code, rank=Decimal(rank), **fields) for name, code, rank, fields in STEPS]
    ladder += [Level(name=name, code=code, rank=Decimal(rank), is_step=False) for name, code, rank in OTHER_KINDS]
    Level.objects.using(using).bulk_create(ladder)
