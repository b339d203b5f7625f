"""The text of history entries: one sentence in the past tense, such as “Ada Adler recorded a cash payment”.

Each app declares the sentences for its own actions in `<app>/sentences.py`. The name of the person is added in front:

    SENTENCES = {"billing.refunded": _("refunded {amount:money}"), "billing.due_date_set": _("due on {on:date}")}

Sentences are marked with gettext_noop and translated when they are shown. Names in braces are details of the entry. The
formats are `money`, `date`, `moment`, `names` for a list, and `changes` for fields with their values before and after.
If an action has several sentences, the first one whose details the entry has is used, because old entries lack some
details. A sentence can also be a function of the details. No sentence queries the database.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from string import Formatter
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.signals import setting_changed
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from common.app_modules import app_modules
from common.formats import format_date, format_moment, format_money
from history.models import Entry

Details = Mapping[str, Any]
Template = str | Callable[[Details], str]
Sentence = Template | Sequence[Template]

ADMIN_SENTENCES = {
    "added": (_("added the {model}: {fields:names}"), _("added the {model}")),
    "changed": (_("changed the {model}: {fields:names}"), _("changed the {model}")),
    "deleted": (_("deleted the {model}: {fields:names}"), _("deleted the {model}")),
}
LONGEST_VALUE = 40
UNREADABLE = (LookupError, ValueError, ArithmeticError, TypeError)


class DetailMissing(LookupError):
    """The entry has no such detail."""


class DetailFormatter(Formatter):
    def __init__(self, currency: str) -> None:
        self.currency = currency

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        value = kwargs.get(str(key))
        if value is None or value == "":
            raise DetailMissing(key)
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
                return ", ".join(name_in_words(name) for name in value)
            case "changes":
                return "; ".join(change_text(name, *values) for name, values in value.items())
        return str(value)


def change_text(name: str, before: str, after: str) -> str:
    if max(len(before), len(after)) > LONGEST_VALUE:
        return name_in_words(name)
    empty = gettext("empty")
    values = {"name": name_in_words(name), "before": before or empty, "after": after or empty}
    return gettext("%(name)s from %(before)s to %(after)s") % values


def name_in_words(name: Any) -> str:
    return str(name).replace("_", " ")


def fill_sentence(template: str, details: Details) -> str:
    """Raises one of the exceptions in UNREADABLE if a detail is missing or has another format."""
    return DetailFormatter(details.get("currency") or settings.CURRENCY).format(gettext(template), **details)


def nonzero_amounts(details: Details, **templates: str) -> str:
    """Fill the templates of the amounts that are not zero and join them with commas."""
    nonzero = [template for name, template in templates.items() if Decimal(details.get(name) or 0)]
    return ", ".join(fill_sentence(template, details) for template in nonzero)


@cache
def declared_sentences() -> dict[str, Sentence]:
    sentences_by_action: dict[str, Sentence] = {}
    for module in app_modules("sentences"):
        sentences_by_action |= getattr(module, "SENTENCES", {})
    return sentences_by_action


def entry_predicate(entry: Entry) -> str:
    """The sentence without the person. It is empty if the action has no sentence that fits the details."""
    for sentence in _sentences_of_action(entry.action):
        try:
            return sentence(entry.details) if callable(sentence) else fill_sentence(sentence, entry.details)
        except UNREADABLE:
            continue
    return ""


def entry_sentence(entry: Entry, who: str) -> str:
    text = entry_predicate(entry)
    return f"{who} {text}" if text else f"{who}: {entry.action_words}"


def entry_summary(entry: Entry) -> str:
    # Lists show the person in a separate column.
    text = entry_predicate(entry) or entry.action_words
    return text[:1].upper() + text[1:]


def _sentences_of_action(action: str) -> Iterator[Template]:
    declared = declared_sentences().get(action)
    if declared is None:
        yield from _admin_sentences(action)
    elif isinstance(declared, str) or callable(declared):
        yield declared
    else:
        yield from declared


def _admin_sentences(action: str) -> Iterator[str]:
    # The base class of the admin pages names an action for the model, such as billing.order_changed.
    app, _, rest = action.partition(".")
    name, _, verb = rest.rpartition("_")
    if verb not in ADMIN_SENTENCES:
        return
    try:
        model = apps.get_model(app, name)
    except LookupError:
        return
    for template in ADMIN_SENTENCES[verb]:
        yield gettext(template).replace("{model}", str(model._meta.verbose_name))


def _clear_sentences(*, setting: str, **kwargs: Any) -> None:
    if setting == "INSTALLED_APPS":
        declared_sentences.cache_clear()


setting_changed.connect(_clear_sentences)
