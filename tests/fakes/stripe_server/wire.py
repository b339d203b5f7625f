"""The formats of Stripe: nested forms in requests, JSON objects and errors in answers."""

import re
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

Wire = dict[str, Any]

ALPHABET = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class StripeError(Exception):
    """An error answer of Stripe."""

    def __init__(self, message: str, *, status: int = 400, kind: str = "invalid_request_error", **more: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"type": kind, "message": message} | more}


def missing(what: str, number: str) -> StripeError:
    return StripeError(f"No such {what}: '{number}'", status=404, code="resource_missing", param="id")


def new_id(prefix: str, length: int = 24) -> str:
    return f"{prefix}_" + "".join(secrets.choice(ALPHABET) for _ in range(length))


def nested(form: str) -> Wire:
    """`a[b][0][c]=d` as `{"a": {"b": [{"c": "d"}]}}`."""
    found: Wire = {}
    for name, value in parse_qsl(form, keep_blank_values=True):
        first, *rest = re.split(r"[\[\]]+", name.rstrip("]"))
        here, key = found, first
        for part in rest:
            here, key = here.setdefault(key, {}), part
        here[key] = value
    return {name: _lists(value) for name, value in found.items()}


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inside = {name: _lists(each) for name, each in value.items()}
    numbered = [str(number) for number in range(len(inside))]
    return [inside[number] for number in numbered] if inside and set(inside) == set(numbered) else inside


def listing(path: str, items: list[Wire], params: Mapping[str, Any]) -> Wire:
    """Return one page, newest first."""
    items = sorted(items, key=lambda item: item["_row"], reverse=True)
    if after := params.get("starting_after"):
        places = [place for place, item in enumerate(items) if item["id"] == after]
        if not places:
            raise missing("object", after)
        items = items[places[0] + 1 :]
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise StripeError("Invalid integer: limit is from 1 to 100", param="limit")
    return {"object": "list", "url": path, "has_more": len(items) > limit, "data": items[:limit]}


def within(item: Wire, params: Mapping[str, Any]) -> bool:
    span = params.get("created", {})
    if isinstance(span, int):
        return bool(item["created"] == span)
    at = item["created"]
    low = at >= span.get("gte", at) and at > span.get("gt", at - 1)
    return bool(low and at <= span.get("lte", at) and at < span.get("lt", at + 1))
