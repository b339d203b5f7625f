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

from mailroom.models import Message, MessageState

FINAL_STATES = [
    MessageState.SENT,
    MessageState.PERHAPS,
    MessageState.SUPPRESSED,
    MessageState.PARKED,
    MessageState.BOUNCED,
]


def _change_state(
    message: Message,
    old_states: Sequence[MessageState],
    new_state: MessageState,
    *,
    lease_held: str = "",
    **changes: Any,
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


def queue_message(message: Message) -> bool:
    return _change_state(message, [MessageState.DRAFTED], MessageState.QUEUED)


def suppress_message(message: Message, reason: str) -> bool:
    return _change_state(message, [MessageState.DRAFTED, MessageState.QUEUED], MessageState.SUPPRESSED, reason=reason)


def start_sending(message: Message, lease: str, subject: str = "") -> bool:
    """The caller must commit this before it sends any data, so that no other process sends the message again."""
    return _change_state(
        message, [MessageState.QUEUED], MessageState.SENDING, lease=lease, tries=message.tries + 1, subject=subject
    )


def return_to_queue(message: Message, lease: str, reason: str) -> bool:
    """Call this only if the server has certainly not accepted the mail."""
    return _change_state(
        message, [MessageState.SENDING], MessageState.QUEUED, lease_held=lease, lease="", reason=reason
    )


def mark_sent(message: Message, lease: str, provider_id: str = "") -> bool:
    # The message may have been marked as possibly sent meanwhile, but its sender knows that it was sent.
    old_states = [MessageState.SENDING, MessageState.PERHAPS]
    return _change_state(
        message, old_states, MessageState.SENT, lease_held=lease, reason="", provider_id=provider_id[:120]
    )


def mark_delivered(message: Message) -> bool:
    return _change_state(message, [MessageState.PERHAPS], MessageState.SENT, reason="")


def mark_possibly_sent(message: Message, lease: str, reason: str) -> bool:
    return _change_state(message, [MessageState.SENDING], MessageState.PERHAPS, lease_held=lease, reason=reason)


def mark_abandoned_possibly_sent(older_than: datetime) -> int:
    abandoned = Message.objects.filter(state=MessageState.SENDING, changed_at__lt=older_than)
    reason = "The sending process disappeared while it was being sent."
    return abandoned.update(state=MessageState.PERHAPS, changed_at=timezone.now(), reason=reason)


def park_message(message: Message, reason: str) -> bool:
    return _change_state(message, [MessageState.QUEUED], MessageState.PARKED, reason=reason)


def mark_refused(message: Message, lease: str, reason: str) -> bool:
    return _change_state(
        message, [MessageState.SENDING], MessageState.PARKED, lease_held=lease, lease="", reason=reason
    )


def mark_bounced(message: Message, reason: str) -> bool:
    # A server can also reject an address that does not exist while the message is being sent.
    old_states = [MessageState.SENDING, MessageState.SENT, MessageState.PERHAPS]
    return _change_state(message, old_states, MessageState.BOUNCED, lease="", reason=reason)


def mark_dismissed(message: Message, reason: str) -> bool:
    old_states = [MessageState.QUEUED, MessageState.PARKED, MessageState.PERHAPS]
    return _change_state(message, old_states, MessageState.SUPPRESSED, lease="", reason=reason)


def requeue_message(message: Message) -> bool:
    return _change_state(
        message,
        [*FINAL_STATES, MessageState.QUEUED],
        MessageState.QUEUED,
        lease="",
        reason="",
        tries=0,
        rounds=message.rounds + 1,
    )
