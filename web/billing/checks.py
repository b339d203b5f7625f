"""System checks of product kinds, price rules, gateway settings and the currency."""

import inspect
from typing import Any

from babel.numbers import is_currency
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.utils.module_loading import import_string

from billing.domain.product_kinds import ProductKind
from billing.gateways import Gateway, configuration, stripe
from billing.gateways.paypal import amounts, is_paypal_host
from billing.gateways.practice import Practice
from common.dotted import did_you_mean, names_beside


@register()
def check_product_kinds(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(problem, hint=f"PRODUCT_KINDS[{name!r}] is {path!r}.", id="billing.E001")
        for name, path in settings.PRODUCT_KINDS.items()
        for problem in _product_kind_problems(name, path)
    ]


@register()
def check_price_rules(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(problem, hint="See docs/recipes.md, “Add a price rule”.", id="billing.E009")
        for path in settings.PRICE_RULES
        if (problem := _price_rule_problem(path))
    ]


def _price_rule_problem(path: str) -> str:
    if settings.PRICE_RULES.count(path) > 1:
        return f"PRICE_RULES names {path} more than once."
    try:
        inspect.signature(import_string(path)).bind(object(), object())
    except ImportError as error:
        return f"PRICE_RULES names {path!r}, which does not exist: {error}.{did_you_mean(path, names_beside(path))}"
    except TypeError:
        return f"The price rule {path} must be a function of (price, request)."
    return ""


def _product_kind_problems(name: str, path: str) -> list[str]:
    try:
        kind = import_string(path)
    except ImportError as error:
        return [f"The product kind {name!r} cannot be imported: {error}"]
    if not (inspect.isclass(kind) and issubclass(kind, ProductKind)):
        return [f"The product kind {name!r} is no billing.domain.product_kinds.ProductKind."]
    if kind.__abstractmethods__:
        return [f"The product kind {name!r} does not answer {', '.join(sorted(kind.__abstractmethods__))}."]
    return [] if kind.name == name and len(name) <= 20 else [f"The product kind {name!r} calls itself {kind.name!r}."]


@register()
def check_gateway_classes(**kwargs: Any) -> list[CheckMessage]:
    return [
        Error(problem, hint=f"PAYMENT_VARIANTS[{name!r}] begins with {path!r}.", id="billing.E008")
        for name, (path, _) in settings.PAYMENT_VARIANTS.items()
        for problem in _gateway_problems(name, path)
    ]


def _gateway_problems(name: str, path: str) -> list[str]:
    try:
        gateway = import_string(path)
    except ImportError as error:
        return [f"The gateway {name!r} cannot be imported: {error}"]
    if not (inspect.isclass(gateway) and issubclass(gateway, Gateway)):
        return [f"The gateway {name!r} is no billing.gateways.Gateway."]
    return []


@register(Tags.security, deploy=True)
def check_practice_payments_off(**kwargs: Any) -> list[CheckMessage]:
    practice = [
        name
        for name, (path, _) in settings.PAYMENT_VARIANTS.items()
        if path.startswith("payments.dummy.") or path == f"{Practice.__module__}.{Practice.__qualname__}"
    ]
    if not practice:
        return []
    return [
        Error(
            "Anyone can order without paying: a practice gateway is enabled.",
            hint="Set PRACTICE_PAYMENTS=False.",
            id="billing.E003",
        )
    ]


@register(Tags.security, deploy=True)
def check_stripe_host(**kwargs: Any) -> list[CheckMessage]:
    if settings.STRIPE_URL == stripe.API:
        return []
    hint = f"Leave STRIPE_URL empty; it is {settings.STRIPE_URL}."
    return [Error("Payers are sent to something that is not Stripe.", hint=hint, id="billing.E004")]


@register()
def check_paypal_settings(**kwargs: Any) -> list[CheckMessage]:
    return _gateway_settings_warnings(
        "PayPal", amounts.supports_currency(settings.CURRENCY), ("billing.W001", "billing.W002")
    )


@register()
def check_stripe_settings(**kwargs: Any) -> list[CheckMessage]:
    return _gateway_settings_warnings(
        "Stripe", stripe.supports_currency(settings.CURRENCY), ("billing.W003", "billing.W004")
    )


def _gateway_settings_warnings(label: str, takes_currency: bool, ids: tuple[str, str]) -> list[CheckMessage]:
    if problem := configuration.explain_missing(label):
        hint = f"Set all of them: the site must be able to verify the webhooks of {label}."
        return [Warning(problem, hint=hint, id=ids[0])]
    if configuration.is_used(label) and not takes_currency:
        return [Warning(f"{label} is not offered: it does not support {settings.CURRENCY}.", id=ids[1])]
    return []


@register(Tags.security, deploy=True)
def check_paypal_host(**kwargs: Any) -> list[CheckMessage]:
    if is_paypal_host(settings.PAYPAL_URL):
        return []
    hint = f"PAYPAL_URL is {settings.PAYPAL_URL}."
    return [Error("Payers are sent to something that is not PayPal.", hint=hint, id="billing.E005")]


@register(Tags.security, deploy=True)
def check_sandbox_gateways(**kwargs: Any) -> list[CheckMessage]:
    sandboxes = {
        "PayPal's sandbox": "paypal" in settings.PAYMENT_VARIANTS and ".sandbox." in settings.PAYPAL_URL,
        "Stripe's test mode": "stripe" in settings.PAYMENT_VARIANTS and "_test_" in settings.STRIPE_KEY,
    }
    hint = "To accept real payments, set PAYPAL_URL=https://api.paypal.com and use Stripe's live key."
    return [
        Warning(f"{name} takes no real money.", hint=hint, id="billing.W005")
        for name, is_enabled in sandboxes.items()
        if is_enabled
    ]


@register(Tags.security, deploy=True)
def check_currency(**kwargs: Any) -> list[CheckMessage]:
    if is_currency(settings.CURRENCY):
        return []
    hint = "Use a code such as USD, EUR or JPY."
    return [Error(f"CURRENCY={settings.CURRENCY} is not a currency.", hint=hint, id="billing.E006")]


@register(Tags.security, deploy=True)
def check_stripe_keys_match(**kwargs: Any) -> list[CheckMessage]:
    # The site uses the secret key only. Both keys are copied together, so a wrong pair means that keys were mixed up.
    public, secret = settings.STRIPE_PUBLIC_KEY, settings.STRIPE_KEY
    if not public or (public.startswith("pk_") and ("_test_" in public) == ("_test_" in secret)):
        return []
    hint = "One begins with pk_, the other with sk_ or rk_. Both contain _test_, or both contain _live_."
    return [Error("STRIPE_PUBLIC_KEY and STRIPE_KEY do not match.", hint=hint, id="billing.E007")]
