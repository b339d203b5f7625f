"""The mail and payment issues about registrations and waitlist entries."""

from django.db import transaction

from billing.domain import payment_issues
from billing.models import OrderLine, PaymentIssue
from common.errors import MergeConflict
from mailroom.domain import draft_message
from registrations.domain import attendees
from registrations.models import Registration, WaitlistEntry
from users.domain import privacy
from users.models import Student

UNKNOWN_PERSON = "The person at {} doesn’t know {}. We’ve asked the payer for another email."
SAME_PERSON = (
    "According to the account’s owner, {} has two records: {} and {}. Merge them in the admin, under Students. {}"
)
REMARK = "{} has bought a {} for {}. {} Find out whether this is one person, and whether the price is right."
REGISTERED_TWICE = "{} was registered twice for {}. Find out whether this is one person, then refund or rename."


def draft_registered_mail(registration: Registration) -> None:
    if registration.is_for_single_meeting:
        _draft_guest_mail("registrations.ticket", registration)
        return
    to = attendees.email_of(registration.student)
    if not to or registration.line is None:
        return
    line, student_id = registration.line, registration.student_id
    about = ("order", line.order_id)
    if line.moved_from_id:
        draft_message(
            "registrations.transferred_to_class",
            to=to,
            key=f"{line.pk}",
            data={"registration_id": registration.pk},
            about=about,
        )
        return
    again = f" {registration.pk}" if registration.taken_over_from else ""
    data = {"order_id": line.order_id, "student_id": student_id}
    draft_message("registrations.registered", to=to, key=f"{line.order_id} {student_id}{again}", data=data, about=about)


def draft_transferred_mail(registration: Registration) -> None:
    payer_email = registration.line.order.payer_email if registration.line else ""
    for to in sorted({attendees.email_of(registration.student), payer_email} - {""}):
        _draft_registration_mail("transferred_to_person", to, registration)


def draft_canceled_mail(registration: Registration, line: OrderLine) -> None:
    """Mails the attendee of a whole class only. The payer learns it from the mail about the refund."""
    to = attendees.email_of(registration.student)
    is_canceled = line.ended_by and registration.state == Registration.State.CANCELED
    if is_canceled and not registration.is_for_single_meeting and to not in ("", line.order.payer_email):
        _draft_registration_mail("registration_canceled", to, registration)


def _draft_registration_mail(name: str, to: str, registration: Registration) -> None:
    pk = registration.pk
    draft_message(f"registrations.{name}", to=to, key=str(pk), data={"registration_id": pk}, about=("registration", pk))


@transaction.atomic
def request_new_address(student_id: int) -> None:
    live = Registration.objects.whole_class().live().filter(student=student_id).exclude(line=None)
    for registration in live.select_related("line__order", "student__user", "student__guardian"):
        if attendees.email_of(registration.student) != registration.student.email:
            continue  # Their guardian still reads their mail.
        order = registration.line.order  # type: ignore[union-attr]
        payment_issues.open_issue(
            PaymentIssue.Kind.OTHER, order, UNKNOWN_PERSON.format(registration.student.email, registration.student)
        )
        draft_message(
            "registrations.email_requested",
            to=order.payer_email,
            key=f"{registration.pk} {registration.student.email}",
            data={"registration_id": registration.pk},
            about=("order", order.pk),
        )


def open_duplicate_issue(student_id: int, other_id: int) -> bool:
    """Returns False if there is no order to attach the issue to."""
    student, duplicate = (Student.objects.filter(pk=pk).first() for pk in (student_id, other_id))
    if student is None or duplicate is None:
        return True
    registrations = Registration.objects.whole_class().filter(student=student_id).exclude(line=None)
    ordered = registrations.select_related("line__order").first()
    if ordered is None:
        return False
    try:
        privacy.preview_merge(student, duplicate)
        obstacle = ""
    except MergeConflict as conflict:
        obstacle = str(conflict)
    order = ordered.line.order  # type: ignore[union-attr]
    payment_issues.open_issue(
        PaymentIssue.Kind.OTHER, order, SAME_PERSON.format(student, student.pk, duplicate.pk, obstacle)
    )
    return True


def report_conflicts() -> int:
    """Tell the office about purchases by strangers for students who could not have the spot.

    This is a job, so that the time a buyer waits does not tell whether a student is registered already.
    """
    conflicts = Registration.objects.exclude(conflict="").select_related(
        "line__order", "class_offer__subject__level", "class_offer__session", "meeting", "student", "duplicate_of"
    )
    reported = 0
    for registration in conflicts.order_by("pk")[:200]:
        with transaction.atomic():
            # Another worker may have reported it in the meantime.
            if Registration.objects.filter(pk=registration.pk).exclude(conflict="").update(conflict=""):
                _report_double_registration(registration)
                reported += 1
    return reported


def _report_double_registration(registration: Registration) -> None:
    if registration.is_for_single_meeting:
        _report_known_guest(registration)
        return
    line, student = registration.line, registration.duplicate_of
    if line is None or student is None:
        return
    payment_issues.open_issue(
        PaymentIssue.Kind.OTHER, line.order, REGISTERED_TWICE.format(student, registration.class_offer)
    )
    if to := attendees.email_of(student):
        draft_message(
            "registrations.registered_twice",
            to=to,
            key=str(line.pk),
            data={"student_id": student.pk, "class_offer_id": registration.class_offer_id},
            about=("order", line.order_id),
        )


def _report_known_guest(ticket: Registration) -> None:
    text = REMARK.format(ticket.student, ticket.kind_text, ticket.day_text, ticket.conflict)
    payment_issues.open_issue_once(PaymentIssue.Kind.OTHER, ticket.ordered_line.order, text)


def draft_upgrade_invitation(ticket: Registration) -> None:
    _draft_guest_mail("registrations.upgrade_invitation", ticket)


def _draft_guest_mail(template: str, ticket: Registration) -> None:
    if to := attendees.email_of(ticket.student):
        data = {"registration_id": ticket.pk}
        draft_message(template, to=to, key=str(ticket.pk), data=data, about=("ticket", ticket.pk))


def draft_waitlist_mail(about: str, entry: WaitlistEntry) -> None:
    draft_message(
        f"registrations.{about}",
        to=entry.contact_email,
        person_id=entry.account_id,
        key=str(entry.pk),
        data={"entry_id": entry.pk},
        about=("waitlist_entry", entry.pk),
    )
