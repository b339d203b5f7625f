from tests.access import EVERYBODY, Row

LETTER = {"name": "Alice", "email": "alice@example.org", "text": "When does the next session start?"}
SENT = "302   302 302 302 302 302"

ROWS = [
    Row("home", EVERYBODY),
    Row("aboutus", EVERYBODY),
    Row("contact", EVERYBODY, post=SENT, data=lambda school: LETTER),
    Row("contact_thanks", EVERYBODY),
    Row("terms", EVERYBODY),
    Row("terms_edition", "404 404 404 404 404 404", args=lambda school: [99]),
    Row("privacy", EVERYBODY),
    Row("privacy_edition", "404 404 404 404 404 404", args=lambda school: [99]),
    Row("brand_css", EVERYBODY, browse=False),
    Row("favicon", EVERYBODY, browse=False),
    Row("robots", EVERYBODY, browse=False),
    #           visitor student guardian teacher assistant admin
    Row("desk", "403    403     403      403     403       200"),
]
