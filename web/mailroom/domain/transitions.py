"""The state transitions of a message, with one function for each arrow:

    drafted → queued → sending → sent → bounced
                  ↖________↙ ↘ possibly sent

Each function is a conditional update that returns whether it changed the message. It changes nothing if another process
was faster or has taken over the lease. A message that cannot or should not be sent becomes `suppressed` if nobody needs
to act, or `parked` if somebody does. From there and from the other final states, only a person can queue it again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

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
    now = timezone.now()
    changes = {"due_at": now if new_state == MessageState.QUEUED else None, **changes}
    changes |= {"state": new_state, "changed_at": now}
    if "reason" in changes:
        changes["reason"] = changes["reason"][:300]
    current = Message.objects.filter(pk=message.pk, state__in=old_states)
    if not (current.filter(lease=lease_held) if lease_held else current).update(**changes):
        return False
    for name, value in changes.items():
        setattr(message, name, value)
    return True


def queue_message(message: Message) -> bool:
    return _change_state(message, [MessageState.DRAFTED], MessageState.QUEUED)


def suppress_message(message: Message, reason: str, **stored_text: str) -> bool:
    return _change_state(
        message, [MessageState.DRAFTED, MessageState.QUEUED], MessageState.SUPPRESSED, reason=reason, **stored_text
    )


def start_sending(message: Message, lease: str, **stored_text: str) -> bool:
    """The caller must commit this before it sends any data, so that no other process sends the message again."""
    return _change_state(
        message, [MessageState.QUEUED], MessageState.SENDING, lease=lease, tries=message.tries + 1, **stored_text
    )


def return_to_queue(message: Message, lease: str, reason: str, delay: timedelta) -> bool:
    """Call this only if the server has certainly not accepted the mail."""
    return _change_state(
        message,
        [MessageState.SENDING],
        MessageState.QUEUED,
        lease_held=lease,
        lease="",
        reason=reason,
        due_at=timezone.now() + delay,
    )


def postpone_due_messages(delay: timedelta, reason: str) -> int:
    """Call this if the mail server cannot be reached. It does not count as a try."""
    now = timezone.now()
    return Message.objects.filter(due_at__lte=now).update(due_at=now + delay, reason=reason[:300])


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
