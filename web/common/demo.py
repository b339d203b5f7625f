"""The people of the demo school and their password. The log-in page shows them while DEBUG is on."""

from dataclasses import dataclass

PASSWORD = "dance with me"  # noqa: S105 (the log-in page prints it)


@dataclass(frozen=True)
class DemoPerson:
    first_name: str
    last_name: str
    email: str
    role: str
    about: str


PEOPLE = (
    DemoPerson("Alice", "Arden", "alice@example.org", "student", "a student in her second session"),
    DemoPerson("Gus", "Gray", "gus@example.org", "guardian", "brings his daughter Kit"),
    DemoPerson("Tess", "Tanner", "tess@example.org", "teacher", "teaches Balboa and Lindy Hop"),
    DemoPerson("Ash", "Abara", "ash@example.org", "assistant", "helps in class"),
    DemoPerson("Ada", "Adler", "ada@example.org", "admin", "runs the office"),
)
