"""What an entry says, as one sentence in the past tense: “Ada Adler recorded a cash payment”.

Each app says it of its own actions in `<app>/sentences.py`, without the person, who is named before it:

    SENTENCES = {"billing.refunded": "refunded {amount:money}", "billing.due_set": "set the due date to {on:date}"}

Names in braces are details of the entry. Formats: `money`, `date`, `moment`, `names` for a list, and `changes` for
fields with what they were before and after. Where a detail is missing, as in old entries, the next of several
sentences is taken. What depends on more is a function of the details. No sentence asks the database.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib import import_module
from string import Formatter
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.signals import setting_changed
from django.utils.module_loading import module_has_submodule

from common.formats import format_date, format_moment, format_money
from history.models import Entry

Details = Mapping[str, Any]
Template = str | Callable[[Details], str]
Sentence = Template | Sequence[Template]

IN_ADMIN = ("added", "changed", "deleted")
LONGEST_VALUE = 40
UNREADABLE = (LookupError, ValueError, ArithmeticError, TypeError)


class Missing(LookupError):
    """The entry does not have this detail."""


class DetailFormatter(Formatter):
    def __init__(self, currency: str) -> None:
        self.currency = currency

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        value = kwargs.get(str(key))
        if value is None or value == "":
            raise Missing(key)
        return value

    def format_field(self, value: Any, format_spec: str) -> str:
        match format_spec:
            case "money":
                return format_money(Decimal(value), self.currency)
            case "date":
                return format_date(date.fromisoformat(value))
            case "moment":
                return format_moment(datetime.fromisoformat(value))
            case "names":
                return ", ".join(in_words(each) for each in value)
            case "changes":
                return "; ".join(change(name, *values) for name, values in value.items())
        return str(value)


def change(name: str, before: str, after: str) -> str:
    if max(len(before), len(after)) > LONGEST_VALUE:
        return in_words(name)
    return f"{in_words(name)} from {before or 'empty'} to {after or 'empty'}"


def in_words(name: Any) -> str:
    return str(name).replace("_", " ")


def fill(template: str, details: Details) -> str:
    """Raises Missing, or what a detail in another format raises."""
    return DetailFormatter(details.get("currency") or settings.CURRENCY).format(template, **details)


def amounts(details: Details, **templates: str) -> str:
    """Those of the amounts that are not zero, each in its words, with commas between them."""
    given = {name: text for name, text in templates.items() if Decimal(details.get(name) or 0)}
    return ", ".join(fill(text, details) for text in given.values())


@cache
def sentences() -> dict[str, Sentence]:
    found: dict[str, Sentence] = {}
    for config in apps.get_app_configs():
        if config.module is not None and module_has_submodule(config.module, "sentences"):
            found |= getattr(import_module(f"{config.name}.sentences"), "SENTENCES", {})
    return found


def predicate(entry: Entry) -> str:
    """The sentence without the person; of an action that nobody knows any more, its words alone, without details."""
    for sentence in _candidates(entry.action):
        try:
            return sentence(entry.details) if callable(sentence) else fill(sentence, entry.details)
        except UNREADABLE:
            continue
    return ""


def sentence(entry: Entry, who: str) -> str:
    said = predicate(entry)
    return f"{who} {said}" if said else f"{who}: {entry.action_words}"


def summary(entry: Entry) -> str:
    """Where the person stands in a column of its own."""
    said = predicate(entry) or entry.action_words
    return said[:1].upper() + said[1:]


def _candidates(action: str) -> Iterator[Template]:
    known = sentences().get(action)
    if known is None:
        yield from _in_admin(action)
    elif isinstance(known, str) or callable(known):
        yield known
    else:
        yield from known


def _in_admin(action: str) -> Iterator[str]:
    """history.recorded writes what is done in admin under the name of the model."""
    app, _, rest = action.partition(".")
    name, _, done = rest.rpartition("_")
    if done not in IN_ADMIN:
        return
    try:
        model = apps.get_model(app, name)
    except LookupError:
        return
    yield f"{done} the {model._meta.verbose_name}: {{fields:names}}"
    yield f"{done} the {model._meta.verbose_name}"


def _forget(*, setting: str, **kwargs: Any) -> None:
    if setting == "INSTALLED_APPS":
        sentences.cache_clear()


setting_changed.connect(_forget)
