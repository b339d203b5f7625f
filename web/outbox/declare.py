"""What an app writes down about its events and receivers.

An event is declared in `<app>/events.py`, once:

    @dataclass(frozen=True)
    class OrderPaid:
        order_id: int

    ORDER_PAID = EventType("billing.order_paid", OrderPaid, subject=("order", "order_id"))

A receiver is a function of one event; `hepcat/workflows.py` says which event it hears. Three kinds may be `later`:

    def confirm(event): ...                # the usual one: touches only the database. Runs in one transaction with
                                           # the mark that it is done, so its effect happens exactly once.
    @outside
    def enrol(event): ...                  # talks to another system: runs outside any transaction, at least once.

    @batched(size=100)
    def send(events):                      # talks to another system about many events over one connection
        with connection() as line:
            for event in events:
                yield event, line.send(event.payload)   # None: done; an exception: that one failed
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

R = TypeVar("R", bound=Callable[..., Any])

PRIMITIVES = (str, int, bool, types.NoneType)


class BadPayload(TypeError):
    """The payload does not fit the declaration of its event."""


@dataclasses.dataclass(frozen=True)
class EventType:
    """A kind of event: its name, the dataclass of its payload, and what it is about (a word, the field with the id)."""

    name: str
    payload: type
    subject: tuple[str, str]

    def __str__(self) -> str:
        return self.name

    @property
    def meaning(self) -> str:
        """The first line of the payload's docstring; the one that dataclasses make up does not count."""
        text = (self.payload.__doc__ or "").strip()
        return "" if text.startswith(f"{self.payload.__name__}(") else text.partition("\n")[0]

    def pack(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The payload as it is stored; refused unless it is exactly what was declared."""
        return dataclasses.asdict(self.unpack(values))

    def unpack(self, values: Mapping[str, Any]) -> Any:
        try:
            payload = self.payload(**values)
        except TypeError as wrong:
            raise BadPayload(f"{self.name}: {str(wrong).removeprefix(self.payload.__name__)}") from None
        for name, wanted in typing.get_type_hints(self.payload).items():
            value = getattr(payload, name)
            if not fits(value, wanted):
                raise BadPayload(f"{self.name}: {name} must be {spelled(wanted)}, not {type(value).__name__}.")
            if isinstance(value, str) and "@" in value:
                raise BadPayload(f"{self.name}: {name} looks like an address; payloads carry ids, nothing personal.")
        return payload

    def subject_id(self, data: Mapping[str, Any]) -> str:
        return str(data[self.subject[1]])


def fits(value: object, wanted: Any) -> bool:
    """Whether a value is of a declared type. True is no number here, though Python thinks so."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType):
        return any(fits(value, one) for one in inner)
    if origin is list:
        return isinstance(value, list) and all(fits(item, inner[0]) for item in value)
    if origin is dict:
        return isinstance(value, dict) and all(
            isinstance(key, str) and fits(item, inner[1]) for key, item in value.items()
        )
    return type(value) is (types.NoneType if wanted is None else wanted)


def storable(wanted: Any) -> bool:
    """Whether values of a type come back from JSON as they went in."""
    origin, inner = typing.get_origin(wanted), typing.get_args(wanted)
    if origin in (typing.Union, types.UnionType, list):
        return all(storable(one) for one in inner)
    if origin is dict:
        return inner[0] is str and storable(inner[1])
    return wanted in PRIMITIVES


def spelled(wanted: Any) -> str:
    return wanted.__name__ if isinstance(wanted, type) and not typing.get_args(wanted) else str(wanted)


def outside(receiver: R) -> R:
    """Mark a receiver that talks to another system: it runs outside any transaction and must bear to run twice."""
    receiver.outside = True  # type: ignore[attr-defined]
    return receiver


Outcomes = Iterator[tuple[Any, Exception | None]]


def batched(size: int) -> Callable[[Callable[[Sequence[Any]], Outcomes]], Callable[[Sequence[Any]], Outcomes]]:
    """Mark a receiver that takes up to `size` events at once and yields `(event, None or exception)` for each.

    It runs outside any transaction. Each outcome is written down when it is yielded, and the lease of the rest is
    renewed while it works. When it raises, what it has not yielded failed with that error; when it ends early, or the
    worker is told to stop (the generator is closed: clean up in `finally`), what is left is taken up again.
    """

    def mark(receiver: Callable[[Sequence[Any]], Outcomes]) -> Callable[[Sequence[Any]], Outcomes]:
        receiver.batch_size = size  # type: ignore[attr-defined]
        return receiver

    return mark
