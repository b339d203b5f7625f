"""The page on which a payer approves, as plain as it can be, and as usable on a phone as the real one."""

from decimal import Decimal
from html import escape

from tests.fakes.paypal_server.wire import Wire

BUTTONS = {
    "balance": "Pay now",
    "echeck": "Pay from my bank (takes days)",
    "declined": "Pay with a card that is declined",
    "failing": "Pay with a card that fails later",
    "cancel": "Cancel and go back to the school",
}
STYLE = """
*{box-sizing:border-box}body{margin:0;background:#f5f7fa;color:#001435;font:1rem/1.5 system-ui,sans-serif}
main{max-width:26rem;margin:0 auto;padding:1.5rem 1rem}h1{font-size:1.25rem;margin:0 0 1rem}
.sheet{background:#fff;border:1px solid #ccd3dd;border-radius:12px;padding:1.25rem}
.sum{font-size:2rem;font-weight:700;margin:.25rem 0 1rem}dl{margin:0 0 1rem}dt{color:#51607a;font-size:.875rem}
dd{margin:0 0 .5rem;overflow-wrap:anywhere}form{display:grid;gap:.75rem}
button{font:inherit;min-height:48px;border-radius:24px;border:2px solid #0a4ea3;background:#fff;color:#0a4ea3;
padding:.5rem 1rem}
button[value=balance]{background:#0a4ea3;color:#fff;font-weight:700}
button:focus-visible{outline:3px solid #ffb000;outline-offset:2px}
.note{font-size:.875rem;color:#51607a}.bad{border-left:4px solid #b3261e;padding:.25rem .75rem;background:#fdeceb}
"""


def page(title: str, body: str) -> bytes:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body><main><h1>{escape(title)}</h1>"
        f'<div class="sheet">{body}</div></main></body></html>'
    ).encode()


def approval(order: Wire, context: Wire, again: bool) -> bytes:
    unit = order["purchase_units"][0]
    amount = f"{Decimal(unit['amount']['value']):,} {unit['amount']['currency_code']}"
    payee = unit.get("payee", {}).get("email_address", "")
    rows = {"To": context.get("brand_name") or payee, "For": unit.get("description", ""), "Account": payee}
    details = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in rows.items() if value)
    error = '<p class="bad" role="alert">That card was declined. Please choose another way to pay.</p>' if again else ""
    buttons = "".join(f'<button name="answer" value="{name}">{label}</button>' for name, label in BUTTONS.items())
    note = '<p class="note">An imitation of PayPal for trying the site out. No money moves.</p>'
    body = f'{error}<p class="sum">{escape(amount)}</p><dl>{details}</dl><form method="post">{buttons}</form>{note}'
    return page("Pay with PayPal (imitation)", body)


def gone() -> bytes:
    return page("This payment is no longer open", "<p>Go back to the school's site and start again.</p>")
