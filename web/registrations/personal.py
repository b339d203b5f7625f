from typing import Any

from django.db.models import F, Q, QuerySet

from common.errors import MergeConflict
from common.personal import MergeStep, PersonRecords, move_rows
from registrations.domain import eligibility
from registrations.models import (
    LevelOverride,
    LibraryVisit,
    Opening,
    Registration,
    StudentCalendarFeed,
    StudentCompensation,
    WaitlistEntry,
)
from registrations.models.registrations import RegistrationQuerySet

MODELS = {
    "registrations.LibraryVisit": "When you last visited the library",
    "registrations.Opening": "Resources that a teacher released for you",
    "registrations.Registration": "Your spots in classes, your drop-ins and trials",
    "registrations.StudentCompensation": "What you received when the school canceled a class",
    "registrations.LevelOverride": "The level that the school set for you",
    "registrations.StudentCalendarFeed": "The secret address of the calendar of your own classes",
    "registrations.WaitlistEntry": "Your waitlist entries",
}

NOT_PERSONAL = {
    "registrations.CanceledMeeting": "Which class days the school canceled together; it leads only to their teachers.",
}


def export(person: PersonRecords) -> dict[str, object]:
    registrations = Registration.objects.filter(student__in=person.student_ids)
    outcomes = StudentCompensation.objects.filter(registration__student__in=person.student_ids)
    return {
        "spots": list(
            registrations.whole_class().values(
                "state",
                "readiness",
                "referral_source",
                name=F("class_offer__subject__name"),
                session=F("class_offer__session__name"),
            )
        ),
        "drop-ins and trials": [
            {
                "what": each.kind_text,
                "when": str(each.day.slot),
                "class": str(each.class_offer),
                "state": each.state,
            }
            for each in registrations.single_meeting().for_meeting_lists()
        ],
        "waitlists": list(
            _waitlist_entries_of(person).values(
                "state", "people", "requested_roles", name=F("class_offer__subject__name")
            )
        ),
        "level set by staff": [
            {"level": str(each.number), "why": each.reason}
            for each in LevelOverride.objects.filter(student__in=person.student_ids)
        ],
        "canceled by the school": list(
            outcomes.values(
                "policy", "meetings", "amount", "credit_returned", "no_longer_due", why=F("cancellation__reason")
            )
        ),
        "opened for you": [str(each.resource) for each in _openings_of(person)],
        "library": list(LibraryVisit.objects.filter(account=person.account_id).values("visited_at")),
    }


def _openings_of(person: PersonRecords) -> QuerySet[Opening]:
    return Opening.objects.filter(registration__student__in=person.student_ids).select_related("resource")


def erase(person: PersonRecords) -> None:
    """Attendance stays recorded. The names disappear with the account."""
    Registration.objects.filter(student__in=person.student_ids).update(referral_source="", end_reason="", conflict="")
    LibraryVisit.objects.filter(account=person.account_id).delete()
    _openings_of(person).delete()
    StudentCalendarFeed.objects.filter(student__in=person.student_ids).delete()
    LevelOverride.objects.filter(student__in=person.student_ids).delete()
    _waitlist_entries_of(person).delete()


def _waitlist_entries_of(person: PersonRecords) -> "QuerySet[WaitlistEntry]":
    own: Any = Q(contact_email__in=person.emails)
    if person.account_id is not None:
        own |= Q(account=person.account_id)
    return WaitlistEntry.objects.filter(own)


def plan_merge(source: PersonRecords, target: PersonRecords) -> list[MergeStep]:
    """An account with a staff profile is never merged into another one; see users/personal.py."""
    steps = []
    if source.account_id and target.account_id:
        steps.append(move_rows(WaitlistEntry.objects.filter(account=source.account_id), account=target.account_id))
    if not target.student_ids:
        return steps
    student_id, feeds = target.student_ids[0], StudentCalendarFeed.objects.filter(student__in=source.student_ids)
    steps.append(MergeStep(feeds.delete, rows=feeds))
    overrides = LevelOverride.objects.filter(student__in=source.student_ids)
    if overrides and LevelOverride.objects.filter(student=student_id).exists():
        steps.append(MergeStep(overrides.delete, ("The level set on the other record is dropped.",), overrides))
    elif overrides:
        steps.append(move_rows(overrides, "The level set by staff moves over.", student=student_id))
    return [*steps, *_plan_registration_merge(source, student_id)]


def _plan_registration_merge(source: PersonRecords, student_id: int) -> list[MergeStep]:
    registrations = Registration.objects.filter(student__in=source.student_ids)
    if not registrations:
        return []
    _refuse_double_registrations(registrations, Registration.objects.filter(student=student_id))
    in_classes = registrations.whole_class().count()
    sentences = [
        *_counted(in_classes, "One spot in a class moves over.", "{} spots in classes move over."),
        *_counted(
            len(registrations) - in_classes, "One drop-in or trial moves over.", "{} drop-ins and trials move over."
        ),
    ]
    return [move_rows(registrations, *sentences, student=student_id)]


def _refuse_double_registrations(theirs: RegistrationQuerySet, own: RegistrationQuerySet) -> None:
    """One student cannot have what both have now: see the constraints of Registration."""
    live = theirs.live()
    in_class = own.whole_class().live().filter(class_offer__in=live.whole_class().values("class_offer"))
    if both := in_class.select_related("class_offer__subject__level", "class_offer__session").first():
        raise MergeConflict(f"Both have a spot in {both.class_offer}. Cancel one of the two first.")
    on_day = own.live().filter(meeting__in=live.single_meeting().values("meeting"))
    subjects = theirs.filter(state__in=eligibility.TRIED_STATES, trial_of__isnull=False).values("trial_of")
    tried = own.filter(state__in=eligibility.TRIED_STATES, trial_of__in=subjects)
    if both := on_day.for_lists().first() or tried.for_lists().first():
        raise MergeConflict(f"Both have a {both.kind_text} ticket for {both.class_offer}. Cancel one of the two first.")


def _counted(number: int, one: str, several: str) -> list[str]:
    return [one if number == 1 else several.format(number)] if number else []
