"""The state transitions of a message, with one function for each arrow:

    drafted → queued → sending → sent → bounced
                  ↖________↙ ↘ possibly sent

Each function is a conditional update that returns whether it changed the message. It changes nothing if another process
was faster or has taken over the lease. A message that cannot or should not be sent becomes `suppressed` if nobody needs
to act, or `parked` if somebody does. From there and from the other final states, only a person can queue it again.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from mailroom.models import Message, State

FINAL_STATES = [State.SENT, State.PERHAPS, State.SUPPRESSED, State.PARKED, State.BOUNCED]


def _move(
    message: Message, old_states: Sequence[State], new_state: State, *, lease_held: str = "", **changes: Any
) -> bool:
    # This uses SQL because every mail needs two of these updates, and the ORM would double the cost of sending.
    changes |= {"state": new_state, "changed_at": timezone.now()}
    if "reason" in changes:
        changes["reason"] = changes["reason"][:300]
    fields: list[Any] = [Message._meta.get_field(name) for name in changes]
    assignments = ", ".join(f"{field.column} = %s" for field in fields)
    states = ", ".join("%s" for _ in old_states)
    sql = f"UPDATE {Message._meta.db_table} SET {assignments} WHERE id = %s AND state IN ({states})"  # noqa: S608
    values = [field.get_db_prep_save(changes[field.name], connection) for field in fields]
    values += [message.pk, *(state.value for state in old_states)]
    if lease_held:
        sql, values = f"{sql} AND lease = %s", [*values, lease_held]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        if not cursor.rowcount:
            return False
    for name, value in changes.items():
        setattr(message, name, value)
    return True


def queue(message: Message) -> bool:
    return _move(message, [State.DRAFTED], State.QUEUED)


def suppress(message: Message, reason: str) -> bool:
    return _move(message, [State.DRAFTED, State.QUEUED], State.SUPPRESSED, reason=reason)


def begin(message: Message, lease: str, subject: str = "") -> bool:
    """The caller must commit this before it sends any data, so that no other process sends the message again."""
    return _move(message, [State.QUEUED], State.SENDING, lease=lease, tries=message.tries + 1, subject=subject)


def put_back(message: Message, lease: str, reason: str) -> bool:
    """Call this only if the server has certainly not accepted the mail."""
    return _move(message, [State.SENDING], State.QUEUED, lease_held=lease, lease="", reason=reason)


def sent(message: Message, lease: str, provider_id: str = "") -> bool:
    # The message may have been marked as possibly sent meanwhile, but its sender knows that it was sent.
    old_states = [State.SENDING, State.PERHAPS]
    return _move(message, old_states, State.SENT, lease_held=lease, reason="", provider_id=provider_id[:120])


def arrived(message: Message) -> bool:
    return _move(message, [State.PERHAPS], State.SENT, reason="")


def perhaps(message: Message, lease: str, reason: str) -> bool:
    return _move(message, [State.SENDING], State.PERHAPS, lease_held=lease, reason=reason)


def give_up(older_than: datetime) -> int:
    abandoned = Message.objects.filter(state=State.SENDING, changed_at__lt=older_than)
    reason = "The sending process disappeared while it was being sent."
    return abandoned.update(state=State.PERHAPS, changed_at=timezone.now(), reason=reason)


def park(message: Message, reason: str) -> bool:
    return _move(message, [State.QUEUED], State.PARKED, reason=reason)


def refused(message: Message, lease: str, reason: str) -> bool:
    return _move(message, [State.SENDING], State.PARKED, lease_held=lease, lease="", reason=reason)


def returned(message: Message, reason: str) -> bool:
    # A server can also reject an address that does not exist while the message is being sent.
    old_states = [State.SENDING, State.SENT, State.PERHAPS]
    return _move(message, old_states, State.BOUNCED, lease="", reason=reason)


def set_aside(message: Message, reason: str) -> bool:
    old_states = [State.QUEUED, State.PARKED, State.PERHAPS]
    return _move(message, old_states, State.SUPPRESSED, lease="", reason=reason)


def again(message: Message) -> bool:
    return _move(
        message, [*FINAL_STATES, State.QUEUED], State.QUEUED, lease="", reason="", tries=0, rounds=message.rounds + 1
    )
