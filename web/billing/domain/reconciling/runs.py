"""The life of a run: begun, read week by week through the outbox, compared, ended. A step repeated changes nothing.

Each step is an event of its own, so a worker that dies loses a week of reading, and a gateway that is away for an hour
only delays the rest.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.utils import timezone

from billing import events, gateways
from billing.domain import locks
from billing.domain.reconciling import comparing, opening
from billing.gateways import Gateway
from billing.gateways.facts import Movement
from billing.models import Book, Finding, Reconciliation
from common import dates
from common.errors import NeedsPerson, Permanent, Temporary
from history.domain import record
from outbox.domain import emit
from users.models import User

State = Book.State
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
STEP = timedelta(days=7)
MARGIN = timedelta(days=3)
"""How far apart the two sides may date the same money."""
LONGEST = timedelta(days=366)


class NoSuchSpan(ValueError):
    """These days cannot be compared; the text says why."""


@transaction.atomic
def begin(since: date, until: date, *, by: User | None, at: datetime | None = None) -> Reconciliation:
    """A new run, or the one over these days that is still going on: a double click begins one."""
    at = (at or timezone.now()).replace(microsecond=0) + SECOND  # the one that is passing counts
    start, cut = _span(since, until, at)
    if by is not None:
        locks.account(by)  # the second click waits for the first
    going = Reconciliation.objects.filter(since=since, until=until, ended_at=None).first()
    if going is not None:
        return going
    run = Reconciliation.objects.create(since=since, until=until, cut=cut, by=by, begun_at=at)
    first = start - MARGIN
    for variant in with_books():
        _next(Book.objects.create(run=run, variant=variant, start=first, end=min(cut + MARGIN, at), cursor=first))
    _next(Book.objects.create(run=run, state=State.MATCHING, start=start, end=cut, cursor=start))
    if by is not None:
        record(by, "billing.reconciliation_begun", run, since=since.isoformat(), until=until.isoformat())
    return run


def with_books() -> list[str]:
    """The gateways that can be asked what they booked."""
    return [
        name
        for name, _ in gateways.offered()
        if type(gateways.get(name)).statement_lines is not Gateway.statement_lines
    ]


def _span(since: date, until: date, at: datetime) -> tuple[datetime, datetime]:
    start = dates.at(since, time.min)
    cut = min(dates.at(until + DAY, time.min), at)
    if until < since:
        raise NoSuchSpan("The last day is before the first.")
    if until - since > LONGEST:
        raise NoSuchSpan("Please take a year at most.")
    if cut <= start:
        raise NoSuchSpan("These days are still to come.")
    return start, cut


def _next(book: Book) -> None:
    key = f"{book.pk} {book.state} {book.cursor.isoformat()} {book.tries}"
    emit(events.RECONCILIATION_STEP, key=key, run_id=book.run_id, book_id=book.pk)


def step(book_id: int) -> None:
    """Read the next portion, or compare. Outside any transaction: a gateway is asked, or many rows are written."""
    book = Book.objects.select_related("run").filter(pk=book_id).first()
    if book is None or book.is_over:
        return
    if book.state == State.FETCHING:
        _fetch(book)
    else:
        compare = comparing.compare if book.variant else opening.compare
        compare(book)
        _over(book, State.DONE)


def _fetch(book: Book) -> None:
    since, until = book.cursor, min(book.cursor + STEP, book.end)
    try:
        found = list(gateways.get(book.variant).statement_lines(since, until))
    except Temporary as away:
        Book.objects.filter(pk=book.pk).update(trouble=f"No answer yet. We’ll try again. {away}"[:300])
        raise
    except (Permanent, NeedsPerson) as refused:
        _over(book, State.FAILED, str(refused))
    except gateways.UnknownGateway:
        _over(book, State.FAILED, "This gateway is no longer switched on.")
    else:
        _keep(book, found, since, until)


@transaction.atomic
def _keep(book: Book, found: Iterable[Movement], since: datetime, until: datetime) -> None:
    """The lines and how far we are stand or fall together; whoever comes second changes nothing."""
    here = Book.objects.select_for_update().filter(pk=book.pk, state=State.FETCHING, cursor=since).first()
    if here is None:
        return
    Finding.objects.bulk_create(
        (comparing.kept(here, movement) for movement in found if since <= movement.at < until), batch_size=500
    )
    here.cursor, here.trouble = until, ""
    here.state = State.MATCHING if until >= here.end else State.FETCHING
    here.save(update_fields=["cursor", "trouble", "state"])
    _next(here)


@transaction.atomic
def _over(book: Book, state: str, trouble: str = "") -> None:
    run = Reconciliation.objects.select_for_update().get(pk=book.run_id)
    Book.objects.filter(pk=book.pk).update(state=state, trouble=trouble[:300])
    if run.ended_at is None and not run.books.exclude(state__in=[State.DONE, State.FAILED]).exists():
        run.ended_at = timezone.now()
        run.save(update_fields=["ended_at"])
        emit(events.RECONCILIATION_DONE, key=f"{run.pk} {run.ended_at.isoformat()}", run_id=run.pk)


@transaction.atomic
def again(book: Book, by: User) -> None:
    """Go on where it stopped, after a person has mended what was wrong."""
    run = Reconciliation.objects.select_for_update().get(pk=book.run_id)
    here = Book.objects.select_for_update().get(pk=book.pk)
    if here.state == State.DONE:
        return
    here.state = State.MATCHING if here.cursor >= here.end or not here.variant else State.FETCHING
    here.tries, here.trouble = here.tries + 1, ""
    here.save(update_fields=["state", "tries", "trouble"])
    Reconciliation.objects.filter(pk=run.pk).update(ended_at=None)
    record(by, "billing.reconciliation_tried_again", run, book=str(here))
    _next(here)
