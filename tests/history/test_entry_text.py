"""Every action that the code records has a sentence. For unknown actions, the site shows the words of the name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

from django.apps import apps
from django.test import SimpleTestCase

from accounting.domain.reconciliation import actions as finding_actions
from accounting.sentences import RESOLVED
from billing.models import CanceledBy
from history import entry_text
from history.models import Entry
from users.domain.guardianship import ClaimAnswer

WEB = Path(__file__).resolve().parents[2] / "web"

# Actions whose names the code computes, with all possible names.
COMPUTED = {
    "credit_holds.py: action": ["billing.credit_hold_lifted", "billing.held_credit_taken"],
    "credit.py: action": ["billing.credit_given", "billing.credit_taken"],
    "quoted_cancellation.py: f'billing.canceled_by_{option.by}'": [
        f"billing.canceled_by_{by}" for by in CanceledBy.values
    ],
    "announcements.py: action": [
        f"classwork.{name}" for name in ("meeting_added", "meeting_canceled", "meeting_moved", "meeting_restored")
    ],
    "class_offers.py: action": ["classwork.class_approved", "classwork.class_hidden"],
    "subjects.py: action": ["classwork.subject_approved", "classwork.subject_hidden"],
    "transitions.py: event.name": [
        f"registrations.{name}" for name in ("registration_confirmed", "registration_suspended")
    ],
    "proposals.py: f'classwork.proposal_{state}'": [
        f"classwork.proposal_{state}" for state in ("answered", "approved", "submitted", "withdrawn")
    ],
    "content.py: f'classwork.resource_{action}'": ["classwork.resource_hidden", "classwork.resource_shown"],
    "releases.py: f'classwork.resource_{action}'": [
        f"classwork.resource_{name}" for name in ("as_planned", "held_back", "released")
    ],
    "missing_files.py: ACTION": ["classwork.file_missing"],
}

SOMETIMES = {"classwork.resource_added"}  # It has fewer details if the resource has no class.


def recording_calls() -> Iterator[tuple[Path, ast.Call]]:
    """All calls of record_action() and record_actions(), except those of the admin, which are named by their models."""
    for path in sorted(WEB.rglob("*.py")):
        if "migrations" in path.parts or path.parent.name == "history":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and len(node.args) >= 3
                and called_name(node) in {"record_action", "record_actions"}
            ):
                yield path, node


def called_name(node: ast.Call) -> str:
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def action_names(path: Path, node: ast.expr) -> list[str]:
    match node:
        case ast.Constant(value=str(action)):
            return [action]
        case ast.IfExp():
            return action_names(path, node.body) + action_names(path, node.orelse)
    return COMPUTED[f"{path.name}: {ast.unparse(node)}"]


def sentence_templates(action: str) -> list[str]:
    """The sentences of an action, without those that are functions."""
    sentence = entry_text.declared_sentences()[action]
    sentences = sentence if isinstance(sentence, tuple) else (sentence,)
    return [sentence for sentence in sentences if isinstance(sentence, str)]


def make_entry(action: str, **details: Any) -> Entry:
    return Entry(action=action, subject_type="order", subject_id="39", details=details)


def sentence_by_ada(action: str, **details: Any) -> str:
    return entry_text.entry_sentence(make_entry(action, **details), "Ada Adler")


class RecordedActionsTest(SimpleTestCase):
    def test_every_recorded_action_has_a_sentence(self) -> None:
        recorded = {action for path, call in recording_calls() for action in action_names(path, call.args[1])}
        self.assertGreater(len(recorded), 90)
        self.assertEqual(recorded - set(entry_text.declared_sentences()), set())

    def test_every_sentence_belongs_to_a_recorded_action(self) -> None:
        recorded = {action for path, call in recording_calls() for action in action_names(path, call.args[1])}
        self.assertEqual(set(entry_text.declared_sentences()) - recorded, set())

    def test_every_sentence_uses_only_recorded_details(self) -> None:
        for path, call in recording_calls():
            if called_name(call) == "record_actions":
                continue  # Its details are no keyword arguments.
            details = {keyword.arg for keyword in call.keywords}
            for action in action_names(path, call.args[1]) if None not in details else []:
                for template in sentence_templates(action) if action not in SOMETIMES else []:
                    with self.subTest(action=action, template=template):
                        named = {name for _, name, _, _ in Formatter().parse(template) if name}
                        self.assertEqual(named - details, set())

    def test_every_action_has_a_sentence_without_details(self) -> None:
        for action in entry_text.declared_sentences():
            with self.subTest(action):
                self.assertTrue(entry_text.entry_predicate(make_entry(action)))

    def test_sentences_use_american_spelling_and_no_names_from_the_code(self) -> None:
        for action in entry_text.declared_sentences():
            self.assertIsNone(
                re.search(r"cancelled|called off|_|\bdeed\b", entry_text.entry_predicate(make_entry(action))), action
            )

    def test_every_claim_answer_and_reconciliation_action_has_a_sentence(self) -> None:
        names = {action.name for actions in finding_actions.BY_VERDICT.values() for action in actions}
        self.assertEqual(names, set(RESOLVED))
        for answer in ClaimAnswer:
            self.assertNotEqual(
                sentence_by_ada("users.claim_answered", answer=answer.value), sentence_by_ada("users.claim_answered")
            )


SENTENCES: tuple[tuple[str, dict[str, Any], str], ...] = (
    (
        "billing.payment_recorded",
        {"amount": "65.000", "variant": "cash", "on": "2026-11-30"},
        "recorded a cash payment of $65.00 received on Mon, Nov 30, 2026",
    ),
    (
        "billing.line_canceled",
        {"line": 7, "title": "Beginning A", "back": "20.000", "as_credit": False, "percent": "100.00"},
        "canceled Beginning A: $20.00 to refund",
    ),
    ("billing.line_canceled", {"line": 7, "back": "0", "as_credit": False}, "canceled an item"),
    (
        "billing.lines_canceled",
        {"back": "13.000", "as_credit": "0"},
        "canceled classes of this order: $13.00 to refund",
    ),
    ("billing.credit_taken", {"amount": "-5.00"}, "took back $5.00 of account credit"),
    ("billing.refunded", {"amount": "5.00", "currency": "EUR"}, "refunded €5.00"),
    ("billing.payment_issue_closed", {"kind": "overpaid"}, "closed the payment issue “Overpaid”"),
    (
        "registrations.transferred_to_class",
        {"to": 27, "over_capacity": False},
        "moved the spot to another class",
    ),
    (
        "registrations.transferred_to_class",
        {"to": 27, "title": "Beginning A", "over_capacity": True, "waived": True},
        "moved the spot to Beginning A over capacity and waived the difference",
    ),
    (
        "registrations.classes_canceled",
        {"days": [1], "students": 3, "policy": "refund"},
        "canceled 1 class day for 3 students; compensation: refund",
    ),
    (
        "classwork.class_changed",
        {"changes": {"capacity": ["12", "14"], "public_note": ["", "x" * 50]}},
        "changed the class: capacity from 12 to 14; public note",
    ),
    (
        "classwork.schedule_changed",
        {"moves": [{"meeting": "4", "before": "2026-12-01T19:00:00-08:00", "after": ""}]},
        "changed the schedule: Tue, Dec 1, 2026, 7:00 PM removed",
    ),
    ("users.account_changed", {"fields": ["email", "first_name"]}, "changed the account: email, first name"),
)


class SentenceTest(SimpleTestCase):
    def test_amounts_dates_and_names_are_formatted(self) -> None:
        for action, details, words in SENTENCES:
            with self.subTest(words):
                self.assertEqual(sentence_by_ada(action, **details), f"Ada Adler {words}")

    def test_unknown_actions_are_described_by_their_name_without_values(self) -> None:
        self.assertEqual(sentence_by_ada("shop.box_canceled", line=7, back="13.000"), "Ada Adler: box canceled")
        self.assertEqual(entry_text.entry_summary(make_entry("shop.box_canceled", line=7)), "Box canceled")

    def test_details_in_an_unknown_format_are_left_out(self) -> None:
        self.assertEqual(sentence_by_ada("billing.due_date_set", on="tomorrow"), "Ada Adler set the due date")
        self.assertEqual(sentence_by_ada("billing.refunded", amount="much"), "Ada Adler refunded an amount")

    def test_change_in_admin_has_a_sentence_for_every_model(self) -> None:
        for model in apps.get_app_config("billing").get_models():
            name = model._meta.model_name
            if f"billing.{name}_changed" not in entry_text.declared_sentences():
                sentence = sentence_by_ada(f"billing.{name}_changed", fields=["Amount"])
                self.assertEqual(sentence, f"Ada Adler changed the {model._meta.verbose_name}: Amount")
