"""What planning writes, and what its page sends."""

from classwork.models import Meeting, Session
from history.models import Entry
from outbox.models import Event


def everything() -> list[object]:
    """All that planning could write, to see that it was left alone."""
    return [
        list(Session.objects.order_by("pk").values()),
        list(Meeting.objects.order_by("pk").values()),
        list(Entry.objects.order_by("pk").values_list("pk", flat=True)),
        list(Event.objects.order_by("pk").values_list("pk", flat=True)),
    ]


def as_it_opens(client, url):
    """What the page of the next session sends when nothing on it is changed."""
    context = client.get(url).context
    forms = [context["form"], *context["rows"]]
    values = {form.add_prefix(name): form[name].value() for form in forms for name in form.fields}
    return {name: value for name, value in values.items() if value is not None and value is not False}
