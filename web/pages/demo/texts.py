"""What the demo school says about itself."""

from pages.domain import texts
from pages.models import SiteContent

HOME = """
Lindy Hop, Balboa and Charleston in weekly classes, five weeks at a time. Come alone or bring someone:
we change partners, we learn each other's names, and on Fridays we dance.
"""

ABOUT = """
We began in 1998 with eleven people, a borrowed church hall and one good record player. Today about two hundred people
dance with us each week, and the record player still works.

## How we teach

Small groups, two teachers in each room, and no mirrors. You learn by dancing with many people, and you will make
mistakes with all of them. Everything that we show you can be danced on Friday of the same week.

## How a session goes

A session lasts five weeks. Each class meets once a week on the same evening, for an hour. There are breaks between
sessions, so that we miss each other a little.

- **Beginning** is for your first steps, and needs nothing but shoes that slide.
- **Level 2** makes them yours. Take its versions in any order.
- **Level 3** is for those who cannot stop.
- **Workshops** on some Saturdays take one thing apart for an afternoon.
"""

CONTACT = """
A question about a class, a lost jacket, an idea? Ada reads every message and replies within two business days.
"""

TERMS = """
These are the terms of a demo school. They aren’t binding.

## Your spot

Your spot is reserved once it is paid for, or once we’ve agreed that you pay at the door.

## Cancellation policy

You can cancel online. How much is refunded, and until when, is shown before you buy and on your order.

## In class

Be kind, ask before you dance with someone, and take no for an answer. Teachers may ask anyone who doesn’t to leave.

## When we cancel

If a class is canceled, we’ll email you and add a week at the end or refund you.
"""

PRIVACY = """
What we keep, and why.

- **Your name and email address**, so that you can log in and hear when a class moves.
- **Which classes you take**, so that your teachers know where you are.
- **What you paid**, because the law requires us to keep records.

We only share it with those who need it to run the school. In your account you can see and download all of it, and you
can ask us to erase it.
"""

TEXTS = (
    ("home", "Swing dancing, one evening a week", HOME),
    ("business_about", "A school that dances", ABOUT),
    ("contact", "Contact us", CONTACT),
    ("terms", "Terms", TERMS),
    ("privacy", "Privacy", PRIVACY),
)


def load() -> None:
    for key, title, text in TEXTS:
        if not SiteContent.objects.filter(key=key).exists():
            content = texts.save_draft(SiteContent(key=key, title=title, draft=text.strip()), None)
            texts.publish_text(content, texts.draft_digest(content), None)
