"""Classes that have started, and which of them people can still join or try."""

from datetime import datetime

from classwork.domain.catalog import class_list
from classwork.domain.catalog.class_list import ClassFilters, RunningClassesRule
from classwork.models import ClassOffer
from common import dates
from registrations.domain import registration_window, ticket_sales


def can_join_or_try(class_offer: ClassOffer, at: datetime) -> bool:
    return not registration_window.closed_reason(class_offer, at) or ticket_sales.is_on_sale(class_offer, at)


def running_rule_at(at: datetime) -> RunningClassesRule:
    return RunningClassesRule(at, lambda class_offer: can_join_or_try(class_offer, at))


def current_classes(at: datetime) -> list[ClassOffer]:
    today = dates.to_local_time(at).date()
    sessions = class_list.sessions_to_show(today=today)
    return class_list.build_class_list(sessions, ClassFilters(), today=today, running=running_rule_at(at)).class_offers
