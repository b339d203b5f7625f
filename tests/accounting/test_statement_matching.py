"""The rules by which our entries are matched with those of a gateway."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from accounting.rules.statement_matching import (
    DISPUTE,
    PAYMENT,
    REFUND,
    Certainty,
    JudgedPair,
    OurEntry,
    Verdict,
    Window,
    match_entries,
)
from billing.gateways.facts import GatewayLine, PaymentReference

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
WEEK = Window(NOON - timedelta(days=3), NOON + timedelta(days=4))


def ours(pk: int = 1, amount: str = "70", currency: str = "USD", kind: str = PAYMENT, **more: object) -> OurEntry:
    named = {"reference": f"r{pk}", "at": NOON} | more
    return OurEntry(kind, pk, pk, Decimal(amount), currency, **named)


def theirs(
    number: int = 1, amount: str = "70", currency: str = "USD", kind: str = PAYMENT, **more: object
) -> GatewayLine:
    named = {"reference": f"r{number}", "at": NOON} | more
    return GatewayLine(kind, amount=Decimal(amount), currency=currency, **named)


def verdicts(mine: list[OurEntry], other: list[GatewayLine], window: Window = WEEK) -> list[str]:
    return [str(pair.verdict) for pair in match_entries(mine, other, window)]


class MatchingExamplesTest(SimpleTestCase):
    def test_entries_with_the_same_reference_and_amount_match(self) -> None:
        self.assertEqual(verdicts([ours()], [theirs()]), ["matched"])

    def test_unmatched_entries_are_reported_as_only_ours_or_only_theirs(self) -> None:
        self.assertEqual(verdicts([ours(1)], [theirs(2)]), ["only_ours", "only_theirs"])

    def test_different_amount_and_different_currency_are_separate_verdicts(self) -> None:
        self.assertEqual(verdicts([ours()], [theirs(amount="69.99")]), ["amount"])
        self.assertEqual(verdicts([ours()], [theirs(currency="EUR")]), ["currency"])

    def test_payment_without_a_reference_is_matched_by_its_token_or_session(self) -> None:
        nameless = ours(reference="", token="t", session="s")
        self.assertEqual(verdicts([nameless], [theirs(about=PaymentReference(token="t"))]), ["matched"])
        self.assertEqual(verdicts([nameless], [theirs(about=PaymentReference(session="s"))]), ["matched"])
        self.assertEqual(
            verdicts([ours(reference="pi")], [theirs(about=PaymentReference(reference="pi"))]), ["matched"]
        )

    def test_second_payment_of_one_attempt_is_only_theirs_in_any_order(self) -> None:
        twice = [theirs(2, about=PaymentReference(token="t")), theirs(1, about=PaymentReference(token="t"))]
        for order in (twice, twice[::-1]):
            pairs = list(match_entries([ours(token="t")], order, WEEK))
            self.assertEqual([(pair.verdict, pair.theirs.reference) for pair in pairs if pair.theirs], [
                (Verdict.MATCHED, "r1"), (Verdict.ONLY_THEIRS, "r2"),
            ])  # fmt: skip

    def test_payment_for_an_attempt_that_is_unpaid_here_is_only_theirs_and_names_the_attempt(self) -> None:
        attempt = ours(reference="", token="t", certainty=Certainty.OPEN)
        [pair] = match_entries([attempt], [theirs(about=PaymentReference(token="t"))], WEEK)
        self.assertEqual((pair.verdict, pair.ours), (Verdict.ONLY_THEIRS, attempt))
        self.assertEqual(verdicts([attempt], [theirs(amount="1", about=PaymentReference(token="t"))]), ["amount"])
        self.assertEqual(verdicts([attempt], []), [])

    def test_pending_refund_may_be_missing_at_the_gateway(self) -> None:
        sent = ours(amount="-10", kind=REFUND, certainty=Certainty.AWAITED)
        self.assertEqual(verdicts([sent], []), [])
        self.assertEqual(verdicts([sent], [theirs(amount="-10", kind=REFUND)]), ["matched"])

    def test_refund_without_a_reference_is_matched_by_its_payment_and_amount(self) -> None:
        mine = ours(amount="-10", kind=REFUND, reference="", parent_reference="pi")
        given_back = theirs(9, "-10", kind=REFUND, about=PaymentReference(reference="pi"))
        self.assertEqual(verdicts([mine], [given_back]), ["matched"])
        self.assertEqual(verdicts([mine], [replace(given_back, amount=Decimal(-9))]), ["only_ours", "only_theirs"])

    def test_refund_and_payment_with_the_same_reference_do_not_match(self) -> None:
        self.assertEqual(verdicts([ours()], [theirs(amount="-70", kind=REFUND)]), ["only_ours", "only_theirs"])

    def test_refund_that_the_gateway_reversed_is_not_reported(self) -> None:
        out, back = theirs(amount="-10", kind=REFUND), theirs(amount="10", kind=REFUND)
        self.assertEqual(verdicts([], [out, back]), [])
        self.assertEqual(verdicts([ours(amount="-10", kind=REFUND)], [back, out]), ["matched", "only_theirs"])

    def test_disputed_amount_and_its_return_after_a_won_dispute_both_match(self) -> None:
        both = [ours(amount=amount, kind=DISPUTE, certainty=Certainty.AWAITED) for amount in ("-70", "70")]
        moved = [theirs(amount=amount, kind=DISPUTE) for amount in ("70", "-70")]
        self.assertEqual(verdicts(both, moved), ["matched", "matched"])
        self.assertEqual(verdicts(both[:1], moved), ["matched", "only_theirs"])

    def test_entries_of_other_kinds_are_not_compared(self) -> None:
        self.assertEqual(verdicts([], [theirs(kind="other")]), [])


AMOUNTS = st.sampled_from(["1", "9.99", "70", "70.00"])
MOMENTS = st.integers(-200, 200).map(lambda hours: NOON + timedelta(hours=hours))
FAULTS = st.sampled_from(["none", "only_ours", "only_theirs", "amount", "currency"])


@st.composite
def books(draw: st.DrawFn) -> tuple[list[OurEntry], list[GatewayLine], Counter[str]]:
    """Our entries and the gateway's for the same money, shuffled, with deliberate differences and shifted dates."""
    mine, other, planted = [], [], Counter[str]()
    for pk in range(draw(st.integers(0, 12))):
        sign, kind = draw(st.sampled_from([("", PAYMENT), ("-", REFUND)]))
        at, amount, fault = draw(MOMENTS), sign + draw(AMOUNTS), draw(FAULTS)
        named = draw(st.sampled_from(["reference", "token"])) if kind == PAYMENT else "reference"
        our_entry = ours(
            pk, amount, kind=kind, at=at, token=f"t{pk}", reference=f"r{pk}" if named == "reference" else ""
        )
        their_line = theirs(
            pk, amount, kind=kind, at=at + timedelta(hours=draw(st.integers(-50, 50))), about=PaymentReference(f"t{pk}")
        )
        their_line = replace(their_line, amount=their_line.amount * 2) if fault == "amount" else their_line
        their_line = replace(their_line, currency="EUR") if fault == "currency" else their_line
        mine += [] if fault == "only_theirs" else [our_entry]
        other += [] if fault == "only_ours" else [their_line]
        if WEEK.contains(our_entry.at if fault == "only_ours" else their_line.at):
            planted["matched" if fault == "none" else fault] += 1
    return draw(st.permutations(mine)), draw(st.permutations(other)), planted


def names(pairs: list[JudgedPair]) -> Counter[tuple[str, int | None, str | None]]:
    return Counter(
        (str(pair.verdict), pair.ours.pk if pair.ours else None, pair.theirs.reference if pair.theirs else None)
        for pair in pairs
    )


class MatchingPropertiesTest(SimpleTestCase):
    @given(books())
    def test_exactly_the_planted_differences_are_found_in_any_order(
        self, made: tuple[list[OurEntry], list[GatewayLine], Counter[str]]
    ) -> None:
        mine, other, planted = made
        self.assertEqual(Counter(verdicts(mine, other)), planted)

    @given(books(), st.randoms())
    def test_order_of_the_entries_does_not_change_the_verdicts(
        self, made: tuple[list[OurEntry], list[GatewayLine], Counter[str]], chance: object
    ) -> None:
        mine, other, _ = made
        first = names(list(match_entries(mine, other, WEEK)))
        chance.shuffle(mine)  # type: ignore[attr-defined]
        chance.shuffle(other)  # type: ignore[attr-defined]
        self.assertEqual(names(list(match_entries(mine, other, WEEK))), first)

    @given(books(), st.integers(-60, 80))
    def test_two_runs_over_two_halves_report_the_same_as_one_run_over_the_whole(
        self, made: tuple[list[OurEntry], list[GatewayLine], Counter[str]], hours: int
    ) -> None:
        mine, other, _ = made
        middle = NOON + timedelta(hours=hours)
        halves = [Window(WEEK.since, middle), Window(middle, WEEK.until)]
        split = [pair for half in halves for pair in match_entries(mine, other, half)]
        self.assertEqual(names(split), names(list(match_entries(mine, other, WEEK))))

    @given(books())
    def test_no_entry_is_reported_twice(self, made: tuple[list[OurEntry], list[GatewayLine], Counter[str]]) -> None:
        mine, other, _ = made
        pairs = list(match_entries(mine, other, WEEK))
        for side in (
            [id(pair.ours) for pair in pairs if pair.ours],
            [id(pair.theirs) for pair in pairs if pair.theirs],
        ):
            self.assertEqual(len(side), len(set(side)))
