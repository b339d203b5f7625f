"""A person with a browser without scripts: opens pages, follows links, fills in forms and presses buttons."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests.base import BACKEND
from users.models import User

Value = str | list[str] | SimpleUploadedFile | None


@dataclass
class Button:
    text: str = ""
    name: str = ""
    value: str = ""
    address: str = ""


@dataclass
class Form:
    method: str
    address: str
    name: str = ""
    fields: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[Button] = field(default_factory=list)

    def add(self, name: str, value: str) -> None:
        self.fields.setdefault(name, []).append(value)


class PageReader(HTMLParser):
    """The links and forms of a page, each field with the value that a browser would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: list[list[str]] = []
        self.forms: list[Form] = []
        self.text: list[str] = []
        self._form: Form | None = None
        self._link: list[str] | None = None
        self._button: Button | None = None
        self._select: tuple[str, bool, list[tuple[str, bool]]] | None = None
        self._textarea: list[str] | None = None
        self._unread = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self._form = Form(given.get("method", "get"), given.get("action", ""), given.get("id", ""))
                self.forms.append(self._form)
            case "a" if "href" in given:
                self._link = [given["href"], ""]
                self.links.append(self._link)
            case "button":
                self._start_button(given)
            case "input" | "textarea":
                self._read_input(tag, given)
            case "select":
                self._select = (given.get("name", ""), "multiple" in given, [])
            case "option" if self._select:
                self._select[2].append((given.get("value", ""), "selected" in given))
            case "script" | "style" | "head":
                self._unread += 1

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._form = None
            case "a":
                self._link = None
            case "button":
                self._button = None
            case "select" if self._select:
                self._end_select()
            case "textarea" if self._textarea and self._form:
                self._form.add(self._textarea[0], self._textarea[1].removeprefix("\n"))
                self._textarea = None
            case "script" | "style" | "head":
                self._unread -= 1

    def handle_data(self, data: str) -> None:
        if self._unread:
            return
        self.text.append(data)
        if self._link:
            self._link[1] += data
        if self._button:
            self._button.text += data
        if self._textarea:
            self._textarea[1] += data

    def _start_button(self, given: dict[str, str]) -> None:
        form = next((form for form in self.forms if form.name and form.name == given.get("form")), self._form)
        if form is None or "disabled" in given:
            return
        self._button = Button("", given.get("name", ""), given.get("value", ""), given.get("formaction", ""))
        form.buttons.append(self._button)

    def _read_input(self, tag: str, given: dict[str, str]) -> None:
        if tag == "textarea":
            self._textarea = [given.get("name", ""), ""]
            return
        kind, name = given.get("type", "text"), given.get("name", "")
        if kind == "submit" and self._form:
            self._form.buttons.append(Button(given.get("value", ""), name, given.get("value", "")))
        left_out = kind in ("checkbox", "radio") and "checked" not in given
        if self._form and name and not left_out and kind not in ("file", "submit") and "disabled" not in given:
            self._form.add(name, given.get("value", "on" if kind == "checkbox" else ""))

    def _end_select(self) -> None:
        assert self._select is not None
        name, is_multiple, options = self._select
        chosen = [value for value, is_selected in options if is_selected]
        if not chosen and options and not is_multiple:
            chosen = [options[0][0]]
        for value in chosen:
            if self._form:
                self._form.add(name, value)
        self._select = None


class Visitor:
    def __init__(self, user: User | None = None) -> None:
        self.client, self.user = Client(), user
        if user is not None:
            self.client.force_login(user, BACKEND)
        self.address = "/"
        self.html = ""

    def open(self, address: str) -> "Visitor":
        return self._show(self.client.get(urljoin(self.address, address), follow=True))

    def follow(self, text: str) -> "Visitor":
        """Follow the first link with this text in it."""
        links = PageReader(self.html).links
        found = next((href for href, shown in links if text in " ".join(shown.split())), None)
        assert found is not None, f"{self.address} has no link “{text}”: {[shown for _, shown in links]}"
        return self.open(found)

    def press(self, text: str, fields: dict[str, Value] | None = None, *, which: int = 0) -> "Visitor":
        """Fill in the fields of the form that has this button, and press it; None leaves a field out."""
        found = [
            (form, button)
            for form in PageReader(self.html).forms
            for button in form.buttons
            if text in " ".join(button.text.split())
        ]
        assert len(found) > which, f"{self.address} has no button “{text}”:\n{self.text}"
        form, button = found[which]
        data: dict[str, Any] = form.fields | (fields or {})
        if button.name:
            data[button.name] = button.value
        data = {name: value for name, value in data.items() if value is not None}
        address = urljoin(self.address, button.address or form.address or self.address)
        if form.method.lower() == "post":
            return self._show(self.client.post(address, data, follow=True))
        return self._show(self.client.get(address.split("?")[0], data, follow=True))

    def sees(self, *texts: str) -> "Visitor":
        for text in texts:
            assert text in self.text, f"{self.address} does not say “{text}”:\n{self.text}"
        return self

    @property
    def text(self) -> str:
        return " ".join(" ".join(PageReader(self.html).text).split())

    def _show(self, response: Any) -> "Visitor":
        if response.redirect_chain:
            self.address = urljoin(self.address, response.redirect_chain[-1][0])
        else:
            request = response.request
            self.address = request["PATH_INFO"] + (f"?{request['QUERY_STRING']}" if request["QUERY_STRING"] else "")
        self.address = urlsplit(self.address)._replace(scheme="", netloc="").geturl()
        self.html = response.content.decode()
        assert response.status_code == 200, f"{self.address} answered {response.status_code}:\n{self.text[:1500]}"
        return self
