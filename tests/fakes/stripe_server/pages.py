"""Stripe's pages: the checkout, the page of the payer's bank, and a small dashboard for the school."""

from html import escape
from pathlib import Path
from string import Template

from tests.fakes.stripe_server.checkout import Checkout
from tests.fakes.stripe_server.money import show
from tests.fakes.stripe_server.wire import Wire

STYLE = Path(__file__).with_name("pages.css").read_bytes()
NOTE = '<p class="note">An imitation of Stripe for trying the site out. No money moves.</p>'
PAGE = Template(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>$title</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
    '<link rel="stylesheet" href="/pages.css"></head><body><main><h1>$title</h1>$body</main></body></html>'
)
CHECKOUT = Template("""
<div class="sheet">
<p class="for">$name</p><p class="sum">$sum</p>$error
<form method="post" action="/c/pay/$id" autocomplete="off">
<label>Email <input name="email" type="email" value="$email" required></label>
<label>Card number <input name="card" inputmode="numeric" value="4242 4242 4242 4242" required></label>
<div class="pair"><label>Valid until <input name="until" value="12 / 34" required></label>
<label>CVC <input name="cvc" inputmode="numeric" value="123" required></label></div>
<button name="way" value="card">Pay $sum</button>
<button name="way" value="bank" class="quiet" formnovalidate>Pay by bank debit (takes days)</button>
</form>
$back
</div>
<details><summary>Cards to try</summary><dl>
<dt>4242 4242 4242 4242</dt><dd>pays</dd>
<dt>4000 0000 0000 0002</dt><dd>is declined</dd>
<dt>4000 0000 0000 9995</dt><dd>has not enough money</dd>
<dt>4000 0025 0000 3155</dt><dd>asks the bank first; also 4000 0000 0000 3220</dd>
<dt>4000 0000 0000 0259</dt><dd>pays and is disputed at once</dd>
<dt>4000 0000 0000 7726</dt><dd>its refunds take a while</dd>
</dl></details>
""")


def page(title: str, body: str) -> bytes:
    return PAGE.substitute(title=escape(title), body=body + NOTE).encode()


def checkout(session: Wire, error: str = "") -> bytes:
    back = session.get("cancel_url")
    return page(
        "Pay with Stripe",
        CHECKOUT.substitute(
            id=session["id"],
            name=escape(session["_params"]["line_items"][0]["price_data"]["product_data"]["name"]),
            sum=show(session["amount_total"], session["currency"]),
            email=escape(session.get("customer_email") or ""),
            error=f'<p class="bad" role="alert">{escape(error)}</p>' if error else "",
            back=f'<p><a class="back" href="{escape(back)}">Go back without paying</a></p>' if back else "",
        ),
    )


def bank(session: Wire) -> bytes:
    return page(
        "Your bank asks",
        f'<div class="sheet"><p>Is it you who pays {show(session["amount_total"], session["currency"])}?</p>'
        '<form method="post"><button name="answer" value="yes">Yes, it is me</button>'
        '<button name="answer" value="no" class="quiet">No</button></form></div>',
    )


def closed(sentence: str) -> bytes:
    return page("This page is closed", f'<div class="sheet"><p>{escape(sentence)}</p></div>')


# -- the dashboard ---------------------------------------------------------------------------------------------------


def dashboard(books: Checkout) -> bytes:
    cards = "".join(_payment(books, intent) for intent in reversed(books.every("payment_intent")))
    return page("Payments", cards or '<div class="sheet"><p>Nobody has paid yet.</p></div>')


def _payment(books: Checkout, intent: Wire) -> str:
    sum_ = show(intent["amount"], intent["currency"])
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in _facts(books, intent))
    buttons = "".join(
        f'<form method="post"><button name="do" value="{escape(act)}" class="quiet">{label}</button></form>'
        for act, label in _acts(books, intent)
    )
    return f'<div class="sheet"><p class="sum">{sum_}</p><dl>{rows}</dl>{buttons}</div>'


def _facts(books: Checkout, intent: Wire) -> list[tuple[str, str]]:
    refunds = books.every("refund", payment_intent=intent["id"])
    disputes = books.every("dispute", payment_intent=intent["id"])
    return [
        (intent["id"], intent["status"]),
        *((f"refund of {show(each['amount'], each['currency'])}", each["status"]) for each in refunds),
        *((f"dispute of {show(each['amount'], each['currency'])}", each["status"]) for each in disputes),
    ]


def _acts(books: Checkout, intent: Wire) -> list[tuple[str, str]]:
    number = intent["id"]
    if intent["status"] == "processing":
        return [(f"settle {number}", "The bank pays"), (f"fail {number}", "The bank does not pay")]
    if intent["status"] != "succeeded":
        return []
    waiting = [each for each in books.every("refund", payment_intent=number) if each["status"] == "pending"]
    acts = [(f"refunded {each['id']}", "The waiting refund arrives") for each in waiting]
    disputes = books.every("dispute", payment_intent=number)
    for each in disputes:
        if each["status"] == "needs_response":
            acts += [(f"win {each['id']}", "Win the dispute"), (f"lose {each['id']}", "Lose the dispute")]
    if not disputes:
        acts += [(f"refund {number}", "Refund what is left"), (f"dispute {number}", "The payer disputes it")]
    return acts


def act(books: Checkout, params: str) -> None:
    verb, _, number = params.partition(" ")
    session = next((each["id"] for each in books.every("checkout.session", payment_intent=number)), "")
    acts = {
        "settle": lambda: books.settle(session, good=True),
        "fail": lambda: books.settle(session, good=False),
        "refund": lambda: books.refund({"payment_intent": number}),
        "refunded": lambda: books.settle_refund(number, good=True),
        "dispute": lambda: books.dispute(number),
        "win": lambda: books.close_dispute(number, won=True),
        "lose": lambda: books.close_dispute(number, won=False),
    }
    acts[verb]()
