from registrations.admin.class_offers import ClassOfferWithSpotsAdmin
from registrations.admin.registrations import RegistrationAdmin

__all__ = ["ClassOfferWithSpotsAdmin", "RegistrationAdmin"]
