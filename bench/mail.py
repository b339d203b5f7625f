#!/usr/bin/env python3
"""How fast mails go out, against one bare SMTP connection that sends the same mails ready-made, side by side.

    .venv/bin/python bench/mail.py [--mails 300] [--rounds 15] [--postgres]

Exit 0 when the worker sends at least 0.6 as many a second: with all that is between, such as the queue, the text made
anew for each reader, and a commit before and after each mail. The rounds alternate; the median ratio counts.
"""

import statistics
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench import services
from bench.outbox import rate
from bench.sink import sink

LEAST = 0.6


def main() -> int:
    options = services.options(__doc__, mails=300, rounds=15, postgres=False)
    with ExitStack() as stack:
        home, database = stack.enter_context(services.database(options.postgres))
        port = stack.enter_context(sink(home / "taken.log"))
        services.django_over(database, EMAIL_URL=f"smtp://127.0.0.1:{port}")
        return 0 if measure(options.mails, options.rounds) else 1


def measure(count: int, rounds: int) -> bool:
    found = []
    for _ in range(rounds):
        write(count)
        connection, mails = ready_made()
        bare = rate(lambda connection=connection, mails=mails: connection.send_messages(mails))
        write(count)
        usual = rate(send_all)
        found.append(usual / bare)
        print(f"  bare connection {bare:.0f}/s, mailroom {usual:.0f}/s")
    ratio = statistics.median(found)
    print(f"mail: {ratio:.2f} of one bare SMTP connection; at least {LEAST}")
    return ratio >= LEAST


def write(count: int) -> None:
    """Fresh messages, all waiting; what earlier rounds left is gone."""
    from django.db import transaction

    from mailroom.domain import draft_message
    from mailroom.models import Message

    with transaction.atomic():
        Message.objects.all().delete()
        for number in range(count):
            draft_message("load.letter", to=f"reader{number}@example.org", key="1", data={"number": number})


def send_all() -> int:
    from outbox.work_queues import process_queues

    return process_queues()


def ready_made() -> Any:
    """The same mails, made beforehand, and Django's own connection to send them through."""
    from django.core.mail import get_connection

    from mailroom.domain.send_batches import SendBatch, prepare_mail
    from mailroom.models import Message

    batch = SendBatch()
    prepared = [prepare_mail(message, batch) for message in Message.objects.order_by("pk")]
    connection = get_connection("django.core.mail.backends.smtp.EmailBackend")
    return connection, [mail.email for mail in prepared if mail]


if __name__ == "__main__":
    sys.exit(main())
