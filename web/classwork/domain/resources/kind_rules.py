"""Checks whether the content of a resource fits its kind. Every form that creates resources uses these checks."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.urls import Resolver404, resolve

from classwork.models import ReleaseMoment, Resource

Kind = Resource.Kind
NO_LINK = "Links begin with http:// or https://, such as https://www.example.org/steps."
NO_PAGE = "This site has no such page. Enter the address without our domain, such as /classes/levels/."


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


def resource_kind_problems(resource: Resource, *, has_file: bool) -> dict[str, str]:
    """Messages by field. The database has the same constraints, but without readable messages."""
    problems: dict[str, str] = {}
    if resource.kind in Resource.FILES and not has_file:
        problems["file"] = "Please choose the file."
    if resource.kind not in Resource.FILES and has_file:
        problems["file"] = f"“{resource.get_kind_display()}” has no file."
    if resource.kind in (Kind.LINK, Kind.PAGE) and not resource.link:
        problems["link"] = "Please enter the link."
    if resource.kind in (Kind.TEXT, Kind.EMAIL) and not resource.text:
        problems["text"] = "Please enter the text."
    if (resource.when == ReleaseMoment.CLASS) != bool(resource.class_number):
        problems["class_number"] = (
            "Please enter the class number if it opens after a class, and leave it empty otherwise."
        )
    return problems
