"""Each request is judged by the types that Stripe generates for its own library, of the very version in use."""

import sys
from collections.abc import Mapping
from functools import cache
from typing import Any, Optional

import stripe.params
import stripe.params.checkout
from pydantic import ConfigDict, TypeAdapter, ValidationError
from stripe import RequestOptions
from typing_extensions import is_typeddict

from tests.fakes.stripe_server.wire import StripeError, Wire

HEADERS = frozenset(RequestOptions.__annotations__)
"""What the library's types allow beside the parameters goes into headers, never into the form."""


@cache
def adapter(of: type) -> TypeAdapter[Wire]:
    """Pydantic takes unknown keys unless each class says that it does not; `typing` does not know these classes."""
    module = sys.modules[of.__module__]
    classes = [each for each in vars(module).values() if is_typeddict(each)]
    if of not in classes:
        raise TypeError(f"{of} would be judged by nothing.")
    for each in classes:
        each.__pydantic_config__ = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    judge = TypeAdapter(of)
    names = {"StripeContext": str, "Mapping": Mapping, "Optional": Optional}
    judge.rebuild(_types_namespace=vars(module) | names)
    return judge


def check(of: str, params: Wire) -> Wire:
    """The parameters with numbers and truths in place of text, or Stripe's refusal."""
    known: type = getattr(stripe.params.checkout if of.startswith("Session") else stripe.params, of)
    if strangers := HEADERS & params.keys():
        raise _unknown(", ".join(sorted(strangers)))
    try:
        read = adapter(known).validate_python(params)
    except ValidationError as wrong:
        raise _refusal(wrong) from None
    _exactly(read, params, "")
    return read


def _refusal(wrong: ValidationError) -> StripeError:
    first = wrong.errors()[0]
    where = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        return _unknown(where)
    if first["type"] == "missing":
        return StripeError(f"Missing required param: {where}.", code="parameter_missing", param=where)
    return StripeError(f"Invalid {where}: {first['msg']}", code="parameter_invalid", param=where)


def _unknown(where: str) -> StripeError:
    return StripeError(f"Received unknown parameter: {where}", code="parameter_unknown", param=where)


def _exactly(read: Any, params: Any, where: str) -> None:
    """Pydantic reads 1.0 and 1_0 as numbers; Stripe does not."""
    if isinstance(read, dict):
        for name, value in read.items():
            _exactly(value, params[name], f"{where}.{name}".lstrip("."))
    elif isinstance(read, list):
        for number, value in enumerate(read):
            _exactly(value, params[number], f"{where}.{number}")
    elif isinstance(read, bool):
        if params not in ("true", "false"):
            raise StripeError(f"Invalid boolean: {params}", param=where)
    elif isinstance(read, int) and str(read) != params:
        raise StripeError(f"Invalid integer: {params}", code="parameter_invalid_integer", param=where)
