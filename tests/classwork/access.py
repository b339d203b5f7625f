from classwork.domain import feeds
from tests.access import EVERYBODY, Row

ROWS = [
    Row("classoffer_list", EVERYBODY),
    Row("classoffer_list", EVERYBODY, query="?level=Beg&day=1&by=level", note="filtered"),
    Row("classoffer_detail", EVERYBODY, args=lambda school: [school.offer.pk]),
    Row("classoffer_display_session", EVERYBODY, args=lambda school: [school.session.name]),
    Row("classoffer_display_date", EVERYBODY, args=lambda school: [school.session.key_day_date]),
    Row("past_sessions", EVERYBODY),
    Row("level_guide", EVERYBODY),
    Row("school_calendar", EVERYBODY, browse=False),
    Row("classoffer_calendar", EVERYBODY, args=lambda school: [school.offer.pk], browse=False),
    Row("teacher_calendar", EVERYBODY, args=lambda school: [feeds.token(school.tess.staff)], browse=False),
    Row("sitemap", EVERYBODY, browse=False),
    Row("location_list", EVERYBODY),
    Row("location_detail", EVERYBODY, args=lambda school: [school.hall.pk]),
]
