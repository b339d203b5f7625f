"""The life of a message: one function for each arrow.

    drafted → queued → sending → sent → bounced
                  ↖________↙ ↘ perhaps sent

Each is a conditional update that says whether it held: who comes second, or lost the lease, changes nothing.
A message that could not or should not go is `suppressed` (nobody has to act) or `parked` (somebody has to); from there,
and from every other end, only a person brings it back to `queued`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from mailroom.models import Message, State

ENDS = [State.SENT, State.PERHAPS, State.SUPPRESSED, State.PARKED, State.BOUNCED]


def _move(message: Message, come_from: Sequence[State], to: State, *, held_by: str = "", **changes: Any) -> bool:
    """Written out, because every mail takes two of them: through the ORM they cost as much as all else that we do."""
    changes |= {"state": to, "changed_at": timezone.now()}
    if "reason" in changes:
        changes["reason"] = changes["reason"][:300]
    fields: list[Any] = [Message._meta.get_field(name) for name in changes]
    settings = ", ".join(f"{field.column} = %s" for field in fields)
    states = ", ".join("%s" for _ in come_from)
    sql = f"UPDATE {Message._meta.db_table} SET {settings} WHERE id = %s AND state IN ({states})"  # noqa: S608
    values = [field.get_db_prep_save(changes[field.name], connection) for field in fields]
    values += [message.pk, *(state.value for state in come_from)]
    if held_by:
        sql, values = f"{sql} AND lease = %s", [*values, held_by]
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
    """Committed before the data goes out: whatever happens from here on, nobody else sends it."""
    return _move(message, [State.QUEUED], State.SENDING, lease=lease, tries=message.tries + 1, subject=subject)


def put_back(message: Message, lease: str, reason: str) -> bool:
    """The server has certainly not taken it."""
    return _move(message, [State.SENDING], State.QUEUED, held_by=lease, lease="", reason=reason)


def sent(message: Message, lease: str, provider_id: str = "") -> bool:
    """Also when it was given up for lost meanwhile: who sent it knows better."""
    come_from = [State.SENDING, State.PERHAPS]
    return _move(message, come_from, State.SENT, held_by=lease, reason="", provider_id=provider_id[:120])


def arrived(message: Message) -> bool:
    """The provider says that it was delivered."""
    return _move(message, [State.PERHAPS], State.SENT, reason="")


def perhaps(message: Message, lease: str, reason: str) -> bool:
    """Nobody can say whether it went out; a person decides."""
    return _move(message, [State.SENDING], State.PERHAPS, held_by=lease, reason=reason)


def give_up(older_than: datetime) -> int:
    """All whose sender disappeared half-way."""
    lost = Message.objects.filter(state=State.SENDING, changed_at__lt=older_than)
    reason = "The sending process disappeared while it was being sent."
    return lost.update(state=State.PERHAPS, changed_at=timezone.now(), reason=reason)


def park(message: Message, reason: str) -> bool:
    """Before it was begun: it cannot be made or sent as it is."""
    return _move(message, [State.QUEUED], State.PARKED, reason=reason)


def refused(message: Message, lease: str, reason: str) -> bool:
    """The server will not take it."""
    return _move(message, [State.SENDING], State.PARKED, held_by=lease, lease="", reason=reason)


def returned(message: Message, reason: str) -> bool:
    """It came back, or was turned away at the door for an address that does not exist."""
    come_from = [State.SENDING, State.SENT, State.PERHAPS]
    return _move(message, come_from, State.BOUNCED, lease="", reason=reason)


def set_aside(message: Message, reason: str) -> bool:
    """A person says that it need not be sent."""
    come_from = [State.QUEUED, State.PARKED, State.PERHAPS]
    return _move(message, come_from, State.SUPPRESSED, lease="", reason=reason)


def again(message: Message) -> bool:
    """A person wants it sent once more; also what waits, when nothing speaks of it any more."""
    return _move(message, [*ENDS, State.QUEUED], State.QUEUED, lease="", reason="", tries=0, rounds=message.rounds + 1)
