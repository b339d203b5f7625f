"""The rules by which two books are laid beside each other, over made-up books of any order."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.test import SimpleTestCase
from hypothesis import given
from hypothesis import strategies as st

from billing.domain.reconciling.matching import (
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


def found(mine: list[OurEntry], other: list[GatewayLine], window: Window = WEEK) -> list[str]:
    return [str(pair.verdict) for pair in match_entries(mine, other, window)]


class ExamplesTest(SimpleTestCase):
    def test_the_same_money_under_the_same_name_fits(self) -> None:
        self.assertEqual(found([ours()], [theirs()]), ["matched"])

    def test_what_stands_alone_is_told_by_its_side(self) -> None:
        self.assertEqual(found([ours(1)], [theirs(2)]), ["only_ours", "only_theirs"])

    def test_another_amount_and_another_currency_are_told_apart(self) -> None:
        self.assertEqual(found([ours()], [theirs(amount="69.99")]), ["amount"])
        self.assertEqual(found([ours()], [theirs(currency="EUR")]), ["currency"])

    def test_a_payment_without_their_name_is_found_by_its_token_or_their_name_of_the_attempt(self) -> None:
        nameless = ours(reference="", token="t", session="s")
        self.assertEqual(found([nameless], [theirs(about=PaymentReference(token="t"))]), ["matched"])
        self.assertEqual(found([nameless], [theirs(about=PaymentReference(session="s"))]), ["matched"])
        self.assertEqual(found([ours(reference="pi")], [theirs(about=PaymentReference(reference="pi"))]), ["matched"])

    def test_a_second_payment_of_one_attempt_is_only_theirs_whichever_comes_first(self) -> None:
        twice = [theirs(2, about=PaymentReference(token="t")), theirs(1, about=PaymentReference(token="t"))]
        for order in (twice, twice[::-1]):
            pairs = list(match_entries([ours(token="t")], order, WEEK))
            self.assertEqual([(pair.verdict, pair.theirs.reference) for pair in pairs if pair.theirs], [
                (Verdict.MATCHED, "r1"), (Verdict.ONLY_THEIRS, "r2"),
            ])  # fmt: skip

    def test_money_for_an_attempt_that_we_think_unpaid_is_only_theirs_with_the_attempt_beside_it(self) -> None:
        attempt = ours(reference="", token="t", standing=Certainty.OPEN)
        [pair] = match_entries([attempt], [theirs(about=PaymentReference(token="t"))], WEEK)
        self.assertEqual((pair.verdict, pair.ours), (Verdict.ONLY_THEIRS, attempt))
        self.assertEqual(found([attempt], [theirs(amount="1", about=PaymentReference(token="t"))]), ["amount"])
        self.assertEqual(found([attempt], []), [])

    def test_a_refund_under_way_may_be_there_or_not(self) -> None:
        sent = ours(amount="-10", kind=REFUND, standing=Certainty.AWAITED)
        self.assertEqual(found([sent], []), [])
        self.assertEqual(found([sent], [theirs(amount="-10", kind=REFUND)]), ["matched"])

    def test_a_refund_without_their_name_is_found_by_its_payment_and_amount(self) -> None:
        mine = ours(amount="-10", kind=REFUND, reference="", of="pi")
        given_back = theirs(9, "-10", kind=REFUND, about=PaymentReference(reference="pi"))
        self.assertEqual(found([mine], [given_back]), ["matched"])
        self.assertEqual(found([mine], [replace(given_back, amount=Decimal(-9))]), ["only_ours", "only_theirs"])

    def test_a_refund_and_a_payment_of_one_name_are_two_things(self) -> None:
        self.assertEqual(found([ours()], [theirs(amount="-70", kind=REFUND)]), ["only_ours", "only_theirs"])

    def test_what_they_took_back_themselves_is_nothing(self) -> None:
        out, back = theirs(amount="-10", kind=REFUND), theirs(amount="10", kind=REFUND)
        self.assertEqual(found([], [out, back]), [])
        self.assertEqual(found([ours(amount="-10", kind=REFUND)], [back, out]), ["matched", "only_theirs"])

    def test_a_dispute_goes_out_and_when_it_is_won_comes_in(self) -> None:
        both = [ours(amount=amount, kind=DISPUTE, standing=Certainty.AWAITED) for amount in ("-70", "70")]
        moved = [theirs(amount=amount, kind=DISPUTE) for amount in ("70", "-70")]
        self.assertEqual(found(both, moved), ["matched", "matched"])
        self.assertEqual(found(both[:1], moved), ["matched", "only_theirs"])

    def test_fees_and_transfers_to_the_bank_are_not_compared(self) -> None:
        self.assertEqual(found([], [theirs(kind="other")]), [])


AMOUNTS = st.sampled_from(["1", "9.99", "70", "70.00"])
MOMENTS = st.integers(-200, 200).map(lambda hours: NOON + timedelta(hours=hours))
FAULTS = st.sampled_from(["none", "only_ours", "only_theirs", "amount", "currency"])


@st.composite
def books(draw: st.DrawFn) -> tuple[list[OurEntry], list[GatewayLine], Counter[str]]:
    """Two books made from one truth, with planted faults and entries dated a little apart, in any order."""
    mine, other, planted = [], [], Counter[str]()
    for pk in range(draw(st.integers(0, 12))):
        sign, kind = draw(st.sampled_from([("", PAYMENT), ("-", REFUND)]))
        at, amount, fault = draw(MOMENTS), sign + draw(AMOUNTS), draw(FAULTS)
        named = draw(st.sampled_from(["reference", "token"])) if kind == PAYMENT else "reference"
        one = ours(pk, amount, kind=kind, at=at, token=f"t{pk}", reference=f"r{pk}" if named == "reference" else "")
        two = theirs(
            pk, amount, kind=kind, at=at + timedelta(hours=draw(st.integers(-50, 50))), about=PaymentReference(f"t{pk}")
        )
        two = replace(two, amount=two.amount * 2) if fault == "amount" else two
        two = replace(two, currency="EUR") if fault == "currency" else two
        mine += [] if fault == "only_theirs" else [one]
        other += [] if fault == "only_ours" else [two]
        if WEEK.has(one.at if fault == "only_ours" else two.at):
            planted["matched" if fault == "none" else fault] += 1
    return draw(st.permutations(mine)), draw(st.permutations(other)), planted


def names(pairs: list[JudgedPair]) -> Counter[tuple[str, int | None, str | None]]:
    return Counter(
        (str(pair.verdict), pair.ours.pk if pair.ours else None, pair.theirs.reference if pair.theirs else None)
        for pair in pairs
    )


class LawsTest(SimpleTestCase):
    @given(books())
    def test_exactly_what_was_planted_is_found_in_any_order(
        self, made: tuple[list[OurEntry], list[GatewayLine], Counter[str]]
    ) -> None:
        mine, other, planted = made
        self.assertEqual(Counter(found(mine, other)), planted)

    @given(books(), st.randoms())
    def test_the_order_of_the_books_changes_nothing(
        self, made: tuple[list[OurEntry], list[GatewayLine], Counter[str]], chance: object
    ) -> None:
        mine, other, _ = made
        first = names(list(match_entries(mine, other, WEEK)))
        chance.shuffle(mine)  # type: ignore[attr-defined]
        chance.shuffle(other)  # type: ignore[attr-defined]
        self.assertEqual(names(list(match_entries(mine, other, WEEK))), first)

    @given(books(), st.integers(-60, 80))
    def test_two_runs_over_two_halves_tell_the_same_as_one_over_the_whole(
        self, made: tuple[list[OurEntry], list[GatewayLine], Counter[str]], hours: int
    ) -> None:
        mine, other, _ = made
        middle = NOON + timedelta(hours=hours)
        halves = [Window(WEEK.since, middle), Window(middle, WEEK.until)]
        split = [pair for half in halves for pair in match_entries(mine, other, half)]
        self.assertEqual(names(split), names(list(match_entries(mine, other, WEEK))))

    @given(books())
    def test_nothing_is_told_twice(self, made: tuple[list[OurEntry], list[GatewayLine], Counter[str]]) -> None:
        mine, other, _ = made
        pairs = list(match_entries(mine, other, WEEK))
        for side in (
            [id(pair.ours) for pair in pairs if pair.ours],
            [id(pair.theirs) for pair in pairs if pair.theirs],
        ):
            self.assertEqual(len(side), len(set(side)))
