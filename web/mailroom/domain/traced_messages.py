"""The messages in the trace of the records that they are about."""

from collections import defaultdict
from collections.abc import Collection
from functools import reduce
from operator import or_

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext

from mailroom.models import Message, MessageState
from outbox.work_queues import TracedAttempt, TracedWork


def trace_messages(subjects: Collection[tuple[str, str]]) -> list[TracedWork]:
    ids_by_type: dict[str, list[str]] = defaultdict(list)
    for about_type, about_id in subjects:
        ids_by_type[about_type].append(about_id)
    about = reduce(or_, (Q(about_type=kind, about_id__in=ids) for kind, ids in ids_by_type.items()))
    return [_traced_message(message) for message in Message.objects.filter(about).order_by("pk")]


def _traced_message(message: Message) -> TracedWork:
    ended = None if message.is_under_way else message.changed_at
    succeeded = {MessageState.SENT: True, MessageState.PARKED: False, MessageState.BOUNCED: False}
    attempt = TracedAttempt(
        message.drafted_at,
        ended,
        str(message.get_state_display()),
        succeeded.get(MessageState(message.state)),
        message.reason,
    )
    name = gettext("Email: %(title)s") % {"title": message.title}
    return TracedWork(name, reverse("desk_message", args=[message.pk]), attempt)
