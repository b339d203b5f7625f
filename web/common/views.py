from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.views.generic import TemplateView

from common.errors import Refusal

FORM_METHODS = ["GET", "HEAD", "POST"]
"""The methods of a page with a form."""


def posted_data(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None


def text_page(template: str, **context: Any) -> Callable[..., HttpResponseBase]:
    """A page that only shows its template."""
    return TemplateView.as_view(template_name=template, extra_context=context)


def redirect_with(request: HttpRequest, done: str, to: Any, *args: Any, **kwargs: Any) -> HttpResponseRedirect:
    """Redirect after an action. The page shows what was done."""
    messages.success(request, done)
    return redirect(to, *args, **kwargs)


@contextmanager
def refusal_as_message(request: HttpRequest) -> Iterator[None]:
    """A refusal ends the block, and the next page says why."""
    try:
        yield
    except Refusal as refused:
        messages.error(request, str(refused))
