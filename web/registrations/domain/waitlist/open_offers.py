"""Waitlist offers that a student can accept in exchange for the spot they have."""

from registrations.domain.line_details import ME, STUDENT, Attendee
from registrations.models import Registration, WaitlistEntry


def offers_to_student_alone(registration: Registration) -> list[WaitlistEntry]:
    account = registration.student.user_id or registration.student.guardian_id
    if account is None:
        return []
    offered = WaitlistEntry.objects.filter(account=account, state=WaitlistEntry.State.OFFERED, size=1)
    return [entry for entry in offered if _is_for_student(entry, registration)]


def _is_for_student(entry: WaitlistEntry, registration: Registration) -> bool:
    person = Attendee.from_json(entry.people[0])
    is_owner = person.who == ME and registration.student.user_id == entry.account_id
    return is_owner or (person.who == STUDENT and person.student_id == registration.student_id)
