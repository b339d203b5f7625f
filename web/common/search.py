from django.http import HttpRequest


def words(request: HttpRequest) -> str:
    """What was typed into the search field of a list. PostgreSQL refuses a NUL, which nobody types by accident."""
    return request.GET.get("q", "").replace("\0", "").strip()
