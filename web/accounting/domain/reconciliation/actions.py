"""The actions that staff can take on a finding. Each needs a reason and is recorded in the history."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounting import events
from accounting.domain import payer_questions
from accounting.domain.reconciliation import fulfillment, replay
from accounting.domain.reconciliation.comparison import EXPLAINED
from accounting.errors import AccountingRefused
from accounting.models import Finding
from billing.domain import locks, product_kinds
from billing.domain.pricing import balances
from billing.errors import ProductUnavailable
from billing.models import Order, OrderLine
from history.domain import record_action
from outbox.domain import emit
from users.models import User

Verdict = Finding.Verdict


def accept_gateway_line(finding: Finding, why: str, by: User) -> None:
    if finding.payment is None:
        raise AccountingRefused(
            "It matches none of our payments. Check the gateway’s dashboard, then close it as explained."
        )
    replay.replay_gateway_line(finding)
    if not replay.matches_now(finding):
        raise AccountingRefused("That did not resolve the difference. Check the order and its payment issues.")


def recheck_with_gateway(finding: Finding, why: str, by: User) -> None:
    if finding.payment is None and finding.refund is None:
        raise AccountingRefused("It matches none of our payments, so there is nothing to ask about.")
    at = timezone.now()
    Finding.objects.filter(pk=finding.pk).update(asked_at=at)
    key = f"{finding.pk} {at.isoformat()}"
    emit(events.FINDING_RECHECK_REQUESTED, key=key, run_id=finding.statement.run_id, finding_id=finding.pk)


def fulfill_line(finding: Finding, why: str, by: User) -> None:
    # The item may have been released since the order was placed, so it is reserved again if it is still available.
    order, line = _lock_order_line(finding)
    if order.state != Order.State.PAID or line.canceled_at is not None:
        raise AccountingRefused("The order is no longer paid, or the item was canceled.")
    try:
        with transaction.atomic():
            product_kinds.kind_of_line(line).hold(line, None)
            product_kinds.kind_of_line(line).confirm(line)
    except ProductUnavailable as error:
        raise AccountingRefused(f"It cannot be fulfilled: {error}") from error


def release_line(finding: Finding, why: str, by: User) -> None:
    order, line = _lock_order_line(finding)
    if fulfillment.is_paid_for(order, line, balances.amount_received(order), timezone.now()):
        raise AccountingRefused("It has been paid for.")
    product_kinds.kind_of_line(line).release(line, why)


def _lock_order_line(finding: Finding) -> tuple[Order, OrderLine]:
    if finding.order_id is None or finding.line_id is None:
        raise AccountingRefused("This difference is not about an item of an order.")
    order = locks.lock_order(finding.order_id)
    return order, order.lines.get(pk=finding.line_id)


def ask_payer(finding: Finding, why: str, by: User) -> None:
    if finding.order is None:
        raise AccountingRefused("It matches none of our orders, so there is no payer to ask.")
    payer_questions.send_question(finding.order, why, by=by, finding=finding)


def close_as_explained(finding: Finding, why: str, by: User) -> None:
    """Change nothing. The reason that staff entered also closes the same difference in later runs."""


@dataclass(frozen=True)
class FindingAction:
    name: str
    label: str
    done_text: str
    """The message that staff see afterwards."""
    perform: Callable[[Finding, str, User], None]
    needs_note: str = "Reason"
    """The label of the field beside the button."""
    closes_finding: bool = True
    """Whether the action resolves the finding."""


TAKE_OVER = FindingAction("take_over", "Apply to our records", "Applied to our records.", accept_gateway_line)
ENTER = FindingAction("enter", "Record their refund", "Recorded.", accept_gateway_line)
ASK = FindingAction(
    "ask",
    "Ask the gateway again",
    "The gateway is being asked. Check again in a moment.",
    recheck_with_gateway,
    closes_finding=False,
)
OPEN = FindingAction("open", "Fulfill", "Fulfilled.", fulfill_line)
RELEASE = FindingAction("release", "Revoke", "Revoked.", release_line)
ASK_PAYER = FindingAction(
    "ask_payer", "Email the payer", "An email is on its way. The answer will appear under payment issues.",
    ask_payer, needs_note="Question", closes_finding=False,
)  # fmt: skip
EXPLAIN = FindingAction(EXPLAINED, "Close as explained", "Closed.", close_as_explained)
BY_VERDICT: dict[str, tuple[FindingAction, ...]] = {
    Verdict.ONLY_THEIRS: (TAKE_OVER, ASK, ASK_PAYER, EXPLAIN),
    Verdict.ONLY_OURS: (ASK, ASK_PAYER, EXPLAIN),
    Verdict.AMOUNT: (ASK, ASK_PAYER, EXPLAIN),
    Verdict.CURRENCY: (ASK, ASK_PAYER, EXPLAIN),
    Verdict.REFUND_THEIRS: (ENTER, ASK, EXPLAIN),
    Verdict.REFUND_OURS: (ASK, EXPLAIN),
    Verdict.DISPUTE: (TAKE_OVER, ASK, EXPLAIN),
    Verdict.NOT_OPENED: (OPEN, ASK_PAYER, EXPLAIN),
    Verdict.NOT_PAID: (RELEASE, ASK_PAYER, EXPLAIN),
}
NEEDS_PAYMENT = {TAKE_OVER.name, ENTER.name, ASK.name}


def possible_actions(finding: Finding) -> list[FindingAction]:
    # The first action is the one that the page suggests.
    return [
        action
        for action in BY_VERDICT.get(finding.verdict, ())
        if (finding.payment_id or finding.refund_id or action.name not in NEEDS_PAYMENT)
        and (finding.order_id or action is not ASK_PAYER)
    ]


@transaction.atomic
def perform_action(finding: Finding, name: str, *, why: str, by: User) -> FindingAction:
    if finding.order_id is not None:
        locks.lock_order(finding.order_id)  # Webhooks lock the order before the finding, too.
    locked = Finding.objects.select_for_update().filter(pk=finding.pk, closed_at=None).exists()
    action = next((action for action in possible_actions(finding) if action.name == name), None)
    if not locked or action is None:
        raise AccountingRefused("This has already been resolved.", code="already_resolved")
    action.perform(finding, why, by)
    record_action(
        by, "accounting.finding_closed", finding.order or finding, why=why, finding=finding.pk, finding_action=name
    )
    if action.closes_finding:
        close_finding(finding, name, why, by)
    return action


def close_finding(finding: Finding, action: str, why: str, by: User | None = None) -> None:
    """Close this finding and the same finding in all other runs."""
    findings = Finding.objects.open().filter(fingerprint=finding.fingerprint)
    findings.update(closed_at=timezone.now(), closed_by=by, action=action, note=why[:300])
