"""Reading one's mail: tests follow the links that the site really sends."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.core import mail
from django.test import Client

from outbox.testing import run_all


def mails_to(address: str) -> list[Any]:
    """Everything that was sent there so far, oldest first."""
    run_all()
    return [message for message in mail.outbox if message.to == [address]]


def last_mail(address: str) -> Any:
    return mails_to(address)[-1]


def links_in(message: Any, part: str = "") -> list[str]:
    """The paths in the text part that contain `part`."""
    found = re.findall(r"https?://[^\s)>\]]+", message.body)
    return [urlsplit(url).path for url in found if part in url]


def account_link(address: str) -> str:
    return links_in(last_mail(address), "/user/reset/")[0]


def open_link(client: Client, path: str) -> Any:
    return client.get(path, follow=True)


def choose(client: Client, path: str, password: str = "a very new password") -> Any:
    """Open a link and choose a password on the page that it leads to."""
    page = open_link(client, path)
    return client.post(page.request["PATH_INFO"], {"new_password1": password, "new_password2": password}, follow=True)


def masked(page: Any) -> bytes:
    """What the page says without the form tokens, which are new each time."""
    return re.sub(rb'(csrfmiddlewaretoken" value="|X-CSRFToken": ")[^"]+', rb"\1", page.content)
