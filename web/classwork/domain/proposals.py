"""Teachers propose, and the office approves or answers. Nothing that a teacher drafts is public before that.

A new subject or class can be edited until it is approved, here or in the admin. Afterwards the fields in CHANGEABLE are
changed by request: the proposal holds the new values, and they are applied when the office approves.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from django.db import transaction
from django.db.models import Field, ForeignKey, Model, QuerySet
from django.utils import timezone

from classwork.domain.catalog import subjects
from classwork.domain.class_fields import REQUEST_FIELDS
from classwork.domain.schedule import class_offers
from classwork.domain.schedule.changes import copy_with_values, display_value
from classwork.domain.schedule.class_offers import ClassDraft
from classwork.domain.schedule.previews import Preview
from classwork.errors import ChangeRefused
from classwork.models import ClassOffer, Proposal, Subject
from common.model_meta import field_label
from history.domain import record_action
from users.models import Staff, User

State = Proposal.State
OVERTAKEN = "The office has already approved this. Withdraw the proposal, then request a change."

CHANGEABLE: dict[type[Subject | ClassOffer], tuple[str, ...]] = {
    Subject: (
        "name",
        "tagline_1",
        "tagline_2",
        "tagline_3",
        "short_description",
        "description",
        "num_weeks",
        "num_minutes",
        "full_price",
    ),
    ClassOffer: tuple(REQUEST_FIELDS),
}


def may_edit_proposal(staff: Staff, proposal: Proposal) -> bool:
    in_hand = proposal.author_id == staff.pk and proposal.state in (State.DRAFT, State.ANSWERED)
    return in_hand and not proposal.is_overtaken


def may_request_change(staff: Staff, thing: Subject | ClassOffer) -> bool:
    """Only for something approved that the person teaches or proposed, and only without another open proposal."""
    if not thing.manager_approved or thing.proposals.filter(state__in=Proposal.OPEN).exists():
        return False
    if thing.proposals.filter(author=staff).exists():
        return True
    taught = (
        thing.assignments if isinstance(thing, ClassOffer) else staff.assignments.filter(class_offer__subject=thing)
    )
    return taught.filter(staff=staff).exists()


# -- teachers --------------------------------------------------------------------------------------------------------


def propose_subject(staff: Staff, values: Mapping[str, Any]) -> Proposal:
    with transaction.atomic():
        subject = subjects.create_subject(staff.user, {**values, "manager_approved": False})
        return Proposal.objects.create(author=staff, subject=subject)


def propose_class(staff: Staff, draft: ClassDraft) -> Proposal:
    """The author teaches the class, unless the draft names other teachers."""
    with transaction.atomic():
        values = {**draft.values, "manager_approved": False}
        class_offer = class_offers.create_class(
            staff.user, ClassDraft(values, draft.skipped, draft.teachers or [staff])
        )
        return Proposal.objects.create(author=staff, class_offer=class_offer)


def edit_proposal(staff: Staff, proposal: Proposal, draft: ClassDraft) -> None:
    """A request keeps its values in the proposal, while a new subject or class is changed directly."""
    with transaction.atomic():
        stored = _lock_proposal(proposal, State.DRAFT, State.ANSWERED)
        _refuse_overtaken(stored)
        if stored.changes:
            stored.changes = _changes_to_json(stored.about, draft.values)
            stored.save()
        elif stored.subject is not None:
            subjects.change_subject(staff.user, stored.subject, draft.values)
        elif stored.class_offer is not None:
            class_offers.change_class(staff.user, stored.class_offer, draft)


def request_change(staff: Staff, thing: Subject | ClassOffer, values: Mapping[str, Any], message: str) -> Proposal:
    with transaction.atomic():
        stored: Subject | ClassOffer = type(thing).objects.select_for_update().get(pk=thing.pk)
        if not may_request_change(staff, stored):
            raise ChangeRefused("There is already an open request, or this isn’t your class.")
        changes = _changes_to_json(stored, values)
        if not changes:
            raise ChangeRefused("Nothing differs from what is published.")
        about = {"subject": stored} if isinstance(stored, Subject) else {"class_offer": stored}
        proposal = Proposal.objects.create(author=staff, changes=changes, **about)
        return submit_proposal(staff, proposal, message)


def submit_proposal(staff: Staff, proposal: Proposal, message: str = "") -> Proposal:
    with transaction.atomic():
        stored = _lock_proposal(proposal, State.DRAFT, State.ANSWERED)
        _refuse_overtaken(stored)
        stored.message, stored.submitted_at = message or stored.message, timezone.now()
        return _set_proposal_state(staff.user, stored, State.SUBMITTED, message)


def withdraw_proposal(staff: Staff, proposal: Proposal) -> Proposal:
    with transaction.atomic():
        stored = _lock_proposal(proposal, *Proposal.OPEN)
        stored.decided_at = timezone.now()
        return _set_proposal_state(staff.user, stored, State.WITHDRAWN, "")


# -- the office ------------------------------------------------------------------------------------------------------


def submitted_proposals() -> QuerySet[Proposal]:
    return Proposal.objects.filter(state=State.SUBMITTED)


def plan_approval(proposal: Proposal, now: datetime | None = None) -> Preview:
    values = proposed_values(proposal)
    if proposal.class_offer is not None:
        return class_offers.plan_class(proposal.class_offer, ClassDraft(values), now)
    return subjects.plan_subject(_subject_of_proposal(proposal), values, now)


def approve_proposal(actor: User, proposal: Proposal, *, answer: str = "", seen: str | None = None) -> Proposal:
    with transaction.atomic():
        stored = _lock_proposal(proposal, State.SUBMITTED)
        values = proposed_values(stored)
        if stored.class_offer is not None:
            class_offers.change_class(actor, stored.class_offer, ClassDraft(values), seen=seen, why=stored.message)
        else:
            subjects.change_subject(actor, _subject_of_proposal(stored), values, seen=seen, why=stored.message)
        stored.answer, stored.decided_at = answer, timezone.now()
        return _set_proposal_state(actor, stored, State.APPROVED, answer)


def answer_proposal(actor: User, proposal: Proposal, text: str) -> Proposal:
    with transaction.atomic():
        stored = _lock_proposal(proposal, State.SUBMITTED)
        stored.answer, stored.decided_at = text, timezone.now()
        return _set_proposal_state(actor, stored, State.ANSWERED, text)


# -- values and states -----------------------------------------------------------------------------------------------


def proposed_values(proposal: Proposal) -> dict[str, Any]:
    model = type(proposal.about)
    values: dict[str, Any] = {}
    for name, value in proposal.changes.items():
        field = cast("Field[Any, Any]", model._meta.get_field(name))
        if isinstance(field, ForeignKey):
            values[name] = value and field.related_model._default_manager.get(pk=value)
        else:
            values[name] = field.to_python(value)
    return values or {"manager_approved": True}


def describe_changes(proposal: Proposal) -> list[tuple[str, str, str]]:
    thing = proposal.about
    asked = copy_with_values(thing, proposed_values(proposal)) if proposal.changes else thing
    return [
        (field_label(thing, name), display_value(thing, name), display_value(asked, name)) for name in proposal.changes
    ]


def initial_form_values(proposal: Proposal) -> dict[str, Any]:
    return proposed_values(proposal) if proposal.changes else {}


def _subject_of_proposal(proposal: Proposal) -> Subject:
    if proposal.subject is None:
        raise LookupError("This proposal is about a class.")
    return proposal.subject


def _changes_to_json(thing: Subject | ClassOffer, values: Mapping[str, Any]) -> dict[str, Any]:
    # Keeps only values that differ and may be changed. A related row is stored by its key.
    asked = {name: values[name] for name in CHANGEABLE[type(thing)] if name in values}
    return {
        name: value.pk if isinstance(value, Model) else value
        for name, value in asked.items()
        if value != getattr(thing, name)
    }


def _lock_proposal(proposal: Proposal, *states: str) -> Proposal:
    stored = Proposal.objects.select_for_update(of=("self",)).select_related("author__user").get(pk=proposal.pk)
    if stored.state not in states:
        raise ChangeRefused(f"This proposal is “{stored.get_state_display()}” now.")
    return stored


def _refuse_overtaken(proposal: Proposal) -> None:
    # Locks the subject or class, so that no one approves it in between.
    thing = proposal.about
    type(thing)._default_manager.select_for_update().get(pk=thing.pk)
    thing.refresh_from_db(fields=["manager_approved"])
    if proposal.is_overtaken:
        raise ChangeRefused(OVERTAKEN)


def _set_proposal_state(actor: User, proposal: Proposal, state: str, why: str) -> Proposal:
    before, proposal.state = proposal.state, state
    proposal.save()
    record_action(
        actor, f"classwork.proposal_{state}", proposal, why=why, before=before, changes=sorted(proposal.changes)
    )
    return proposal
