"""Showing a refused form again after a redirect, so that neither Back nor reload asks to send it a second time."""

from dataclasses import dataclass, field

from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.urls import reverse

KEPT = "kept_form"


@dataclass(frozen=True)
class KeptForm:
    data: QueryDict
    problem: str = ""
    """The page shows this beside the form, for what no field is to blame for."""
    errors: dict[str, str] = field(default_factory=dict)
    """Errors of fields that are not checked again when the form is shown."""
    is_checked: bool = True
    """Whether the form is shown with its errors, or only with what was typed so far."""


def keep_and_redirect(
    request: HttpRequest, name: str, *args: object, problem: str = "", is_checked: bool = True, **errors: str
) -> HttpResponseRedirect:
    """Redirect to the page of this name, which shows what was posted."""
    path = reverse(name, args=args)
    data = request.POST.copy()
    data.pop("csrfmiddlewaretoken", None)
    request.session[KEPT] = {
        "path": path,
        "data": data.urlencode(),
        "problem": problem,
        "errors": errors,
        "is_checked": is_checked,
    }
    return HttpResponseRedirect(path)


def take_kept_form(request: HttpRequest) -> KeptForm | None:
    kept = request.session.get(KEPT)
    if kept is None or kept["path"] != request.path:
        return None
    del request.session[KEPT]
    return KeptForm(QueryDict(kept["data"]), kept["problem"], kept["errors"], kept["is_checked"])
