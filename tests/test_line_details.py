"""Each product kind has one dataclass for the details of its order lines, and only that knows their keys."""

import ast
import json
from collections.abc import Iterator
from datetime import date

from django.core.serializers.json import DjangoJSONEncoder
from django.test import SimpleTestCase, tag
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.vouchers.details import VoucherDetails
from billing.models import OrderLine
from registrations.domain.line_details import ME, OTHER, STUDENT, Attendee, AttendeeDetails
from tests.tracked_files import TOP, tracked

WEB = TOP / "web"
DATACLASSES = ("registrations/domain/line_details.py", "billing/domain/vouchers/details.py")
# The default for plug-ins, and the download and erasure of all that is stored. They pass the details on as a whole.
UNTYPED = ("billing/domain/product_kinds.py", "billing/personal.py")
# The details of history entries.
ABOUT_HISTORY = ("history/", "classwork/domain/resources/missing_files.py")
ADDS_LINE = ("add_line", "OrderLine")
IDS = st.none() | st.integers(1)
TEXT = st.text(max_size=5)


def find_untyped_uses(path: str, text: str) -> Iterator[int]:
    """Yield the numbers of the lines in which a module reads or writes the details of an order line by itself.

    Every attribute named `details` is taken for an order line's, whatever the name of its owner, except in modules
    about the history and for the view of that name. A dictionary passed to a function that adds a line counts too.
    """
    tree = ast.parse(text)
    parents = {child: node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "details" and ast.unparse(node) != "checkout.details":
            is_whole = path in UNTYPED and not isinstance(parents[node], ast.Subscript | ast.Attribute | ast.Compare)
            if not is_whole and not path.startswith((*DATACLASSES, *ABOUT_HISTORY)):
                yield node.lineno
        elif isinstance(node, ast.keyword) and (node.arg or "").startswith("details__"):
            yield node.value.lineno
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("details__"):
            yield node.lineno
        elif isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ADDS_LINE:
            values = [*node.args, *(keyword.value for keyword in node.keywords)]
            if any(isinstance(value, ast.Dict | ast.BinOp) for value in values):
                yield node.lineno


class LineDetailsRuleTest(SimpleTestCase):
    @tag("once")
    def test_no_key_of_the_details_is_used_outside_the_dataclasses(self) -> None:
        modules = [path for path in tracked(".py") if path.is_relative_to(WEB) and "migrations" not in path.parts]
        uses = [
            f"{name}:{line}"
            for name, text in ((str(path.relative_to(WEB)), path.read_text()) for path in modules)
            for line in find_untyped_uses(name, text)
        ]
        self.assertGreater(len(modules), 300)
        self.assertEqual(uses, [])

    def test_every_way_to_use_a_key_is_found(self) -> None:
        for source in (
            'line.details["role"]',
            'line.details["role"] = "lead"',
            'line.details.get("role")',
            '"role" in registration.line.details',
            'line.details |= {"role": "lead"}',
            "stored = line.details",
            'OrderLine.objects.filter(details__role="lead")',
            'OrderLine.objects.values("details__role")',
            'carts.add_line(cart, "class", 1, {"role": "lead"})',
            'carts.add_line(cart, "class", 1, details=stored | {"role": "lead"})',
            'OrderLine(order=order, kind="class", product_id=1, details={"role": "lead"})',
        ):
            with self.subTest(source):
                self.assertEqual(list(find_untyped_uses("registrations/domain/cart.py", source)), [1])
        for source in ('line.details["role"]', 'line.details.get("role")', '"role" in line.details'):
            with self.subTest(source):
                self.assertEqual(list(find_untyped_uses("billing/personal.py", source)), [1])


class LineDetailsRoundTripTest(SimpleTestCase):
    def assert_survives(self, details: AttendeeDetails | VoucherDetails) -> None:
        stored = json.loads(json.dumps(details.as_json(), cls=DjangoJSONEncoder))
        self.assertEqual(stored, details.as_json())
        self.assertEqual(type(details).from_line(OrderLine(details=stored)), details)

    @given(
        st.builds(
            AttendeeDetails,
            st.none() | st.builds(Attendee, st.sampled_from([ME, STUDENT, OTHER]), IDS, TEXT, TEXT, TEXT),
            TEXT,
            TEXT,
        )
    )
    def test_details_of_a_class_or_ticket_survive_storage(self, details: AttendeeDetails) -> None:
        self.assert_survives(details)

    @given(
        st.builds(
            VoucherDetails,
            st.decimals(0, 10_000, places=3),
            **{
                name: TEXT
                for name in ("gift", "gift_title", "recipient_name", "recipient_email", "giver_name", "message")
            },
            **{name: st.none() | st.dates() for name in ("deliver_on", "expires_on")},
            is_expiry_set=st.booleans(),
        )
    )
    def test_details_of_a_voucher_survive_storage(self, details: VoucherDetails) -> None:
        self.assert_survives(details)

    def test_unknown_names_and_erased_details_are_read_as_defaults(self) -> None:
        for stored in ({}, {"color": "red"}):
            self.assertEqual(AttendeeDetails.from_line(OrderLine(details=stored)), AttendeeDetails())
            self.assertEqual(VoucherDetails.from_line(OrderLine(details=stored)), VoucherDetails())

    def test_only_what_is_set_is_stored(self) -> None:
        self.assertEqual(AttendeeDetails(Attendee(ME)).as_json(), {"attendee": {"who": "me"}})
        self.assertEqual(
            VoucherDetails(deliver_on=date(2027, 1, 8), gift="class:3").as_json(),
            {"gift": "class:3", "deliver_on": "2027-01-08"},
        )
