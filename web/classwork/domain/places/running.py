"""Classes that have started, and which of them people can still join or try."""

from datetime import datetime

from classwork.domain.catalog import class_list
from classwork.domain.catalog.class_list import Filters, Running
from classwork.domain.places import opening
from classwork.domain.places.tickets import sale
from classwork.models import ClassOffer
from common import dates


def can_begin(offer: ClassOffer, at: datetime) -> bool:
    return not opening.closed_because(offer, at) or sale.is_on_sale(offer, at)


def rule_at(at: datetime) -> Running:
    return Running(at, lambda offer: can_begin(offer, at))


def current_offers(at: datetime) -> list[ClassOffer]:
    today = dates.local(at).date()
    sessions = class_list.sessions_for(today=today)
    return class_list.listing(sessions, Filters(), today=today, running=rule_at(at)).offers
