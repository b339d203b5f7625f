"""The mail and payment issues about registrations, tickets and waitlist entries."""

from django.db import transaction

from billing.domain import payment_issues
from billing.models import PaymentIssue
from common.errors import MergeConflict
from mailroom.domain import draft_message
from registrations.domain import attendees
from registrations.domain.line_details import AttendeeDetails
from registrations.models import Registration, Ticket, WaitlistEntry
from users.domain import privacy
from users.models import Student

UNKNOWN_PERSON = "The person at {} doesn’t know {}. We’ve asked the payer for another email."
SAME_PERSON = (
    "According to the account’s owner, {} has two records: {} and {}. Merge them in the admin, under Students. {}"
)
REMARK = "{} has bought a {} for {}. {} Find out whether this is one person, and whether the price is right."
REGISTERED_TWICE = "{} was registered twice for {}. Find out whether this is one person, then refund or rename."


def draft_registered_mail(registration: Registration) -> None:
    to = attendees.email_of(registration.student)
    if not to or registration.line is None:
        return
    line, student_id = registration.line, registration.student_id
    details, about = AttendeeDetails.from_line(line), ("order", line.order_id)
    if details.moved_from:
        draft_message(
            "registrations.transferred_to_class",
            to=to,
            key=f"{line.pk}",
            data={"registration_id": registration.pk},
            about=about,
        )
        return
    again = f" {registration.pk}" if details.given_by else ""
    data = {"order_id": line.order_id, "student_id": student_id}
    draft_message("registrations.registered", to=to, key=f"{line.order_id} {student_id}{again}", data=data, about=about)


def draft_transferred_mail(registration: Registration) -> None:
    line = registration.line
    if line is None or registration.state != Registration.State.TRANSFERRED or not registration.taken_over_by:
        return
    for to in sorted({attendees.email_of(registration.student), line.order.payer_email} - {""}):
        _draft_registration_mail("transferred_to_person", to, registration)


def draft_ended_mail(registration: Registration) -> None:
    """Mails the attendee only. The payer learns it from the mail about the refund."""
    line, to = registration.line, attendees.email_of(registration.student)
    if line is None or not line.ended_by or registration.state != Registration.State.CANCELED:
        return
    if to and to != line.order.payer_email:
        _draft_registration_mail("registration_canceled", to, registration)


def _draft_registration_mail(name: str, to: str, registration: Registration) -> None:
    pk = registration.pk
    draft_message(f"registrations.{name}", to=to, key=str(pk), data={"registration_id": pk}, about=("registration", pk))


@transaction.atomic
def request_new_address(student_id: int) -> None:
    live = Registration.objects.live().filter(student=student_id).exclude(line=None)
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
    ordered = Registration.objects.filter(student=student_id).exclude(line=None).select_related("line__order").first()
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


@transaction.atomic
def report_double_registration(registration: Registration) -> None:
    line = registration.line
    student = Student.objects.filter(pk=AttendeeDetails.from_line(line).duplicate_of or 0).first() if line else None
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


def open_known_guest_issue(ticket: Ticket) -> None:
    if remark := AttendeeDetails.from_line(ticket.line).remark:
        text = REMARK.format(ticket.student, ticket.kind_text, ticket.meeting, remark)
        payment_issues.open_issue_once(PaymentIssue.Kind.OTHER, ticket.line.order, text)


def draft_ticket_mail(ticket: Ticket) -> None:
    _draft_guest_mail("registrations.ticket", ticket)


def draft_upgrade_invitation(ticket: Ticket) -> None:
    _draft_guest_mail("registrations.upgrade_invitation", ticket)


def _draft_guest_mail(template: str, ticket: Ticket) -> None:
    if to := attendees.email_of(ticket.student):
        data = {"ticket_id": ticket.pk}
        draft_message(template, to=to, key=str(ticket.pk), data=data, about=("ticket", ticket.pk))


def draft_waitlist_mail(about: str, entry_id: int) -> None:
    entry = WaitlistEntry.objects.get(pk=entry_id)
    draft_message(
        f"registrations.{about}",
        to=entry.contact_email,
        person_id=entry.account_id,
        key=str(entry.pk),
        data={"entry_id": entry.pk},
        about=("waitlist_entry", entry.pk),
    )
