"""The people of the demo school and their password. The log-in page shows them while DEBUG is on."""

from dataclasses import dataclass

PASSWORD = "dance with me"  # noqa: S105 (the log-in page prints it)


@dataclass(frozen=True)
class Person:
    first_name: str
    last_name: str
    email: str
    role: str
    about: str


PEOPLE = (
    Person("Alice", "Arden", "alice@example.org", "student", "a student in her second session"),
    Person("Gus", "Gray", "gus@example.org", "guardian", "brings his daughter Kit"),
    Person("Tess", "Tanner", "tess@example.org", "teacher", "teaches Balboa and Lindy Hop"),
    Person("Ash", "Abara", "ash@example.org", "assistant", "helps in class"),
    Person("Ada", "Adler", "ada@example.org", "admin", "runs the office"),
)
