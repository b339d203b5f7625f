from django.http import HttpRequest, QueryDict

FORM_METHODS = ["GET", "HEAD", "POST"]
"""The methods of a page with a form."""


def posted_data(request: HttpRequest) -> QueryDict | None:
    return request.POST if request.method == "POST" else None
