"""Checks whether the content of a resource fits its kind. Every form that creates resources uses these checks."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.urls import Resolver404, resolve

from classwork.models import Resource, When

Kind = Resource.Kind
NO_LINK = "Links begin with http:// or https://, such as https://www.example.org/steps."
NO_PAGE = "There is no such page here. Copy what follows our name in the address, such as /classes/levels/."


def clean_link(kind: str, link: str) -> str:
    """Returns a full address, or the path of a page of this site. Addresses that a browser would execute are
    refused."""
    link = link.strip()
    if kind == Kind.PAGE:
        try:
            if not link.startswith("/") or link.startswith(("//", "/\\")):
                raise Resolver404
            resolve(link.partition("?")[0].partition("#")[0])
        except Resolver404:
            raise ValidationError(NO_PAGE, code="page") from None
        return link
    if "://" not in link and ":" not in link.partition("/")[0]:
        link = f"https://{link}"
    URLValidator(schemes=["http", "https"], message=NO_LINK)(link)
    return link


def faults(resource: Resource, *, has_file: bool) -> dict[str, str]:
    """Messages by field. The database has the same constraints, but without readable messages."""
    found: dict[str, str] = {}
    if resource.kind in Resource.FILES and not has_file:
        found["file"] = "Please choose the file."
    if resource.kind not in Resource.FILES and has_file:
        found["file"] = f"“{resource.get_kind_display()}” carries no file."
    if resource.kind in (Kind.LINK, Kind.PAGE) and not resource.link:
        found["link"] = "Please give the address."
    if resource.kind in (Kind.TEXT, Kind.EMAIL) and not resource.text:
        found["text"] = "Please write the text."
    if (resource.when == When.CLASS) != bool(resource.class_number):
        found["class_number"] = "Say after which class, and only where it opens after a class."
    return found
