"""The account's own books at PayPal: what moved, and the search in it."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.fakes.paypal_server.wire import PayPalError, Wire, money


@dataclass
class Ledger:
    shift: timedelta = timedelta()
    rows: list[Wire] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift

    def stamp(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"

    def book(
        self,
        code: str,
        number: str,
        amount: Decimal,
        currency: str,
        *,
        fee: Decimal = Decimal(0),
        to: str = "",
        kind: str = "TXN",
        of: Wire | None = None,
        at: datetime | None = None,
        status: str = "S",
    ) -> None:
        moment = (at or self.now()).strftime("%Y-%m-%dT%H:%M:%S+0000")
        row = {
            "transaction_id": number,
            "transaction_event_code": code,
            "transaction_initiation_date": moment,
            "transaction_updated_date": moment,
            "transaction_amount": money(amount, currency),
            "transaction_status": status,
        }
        row |= {"paypal_reference_id": to, "paypal_reference_id_type": kind} if to else {}
        row |= {"fee_amount": money(-fee, currency)} if fee else {}
        row |= {"custom_field": of["custom_id"]} if of and "custom_id" in of else {}
        self.rows.append(row)

    def transactions(self, start: datetime, end: datetime, page: int, size: int) -> Wire:
        if end - start > timedelta(days=31):
            raise PayPalError(400, "INVALID_REQUEST", "DATE_RANGE_IS_INVALID")
        found = [
            {"transaction_info": row}
            for row in self.rows
            if start <= datetime.fromisoformat(row["transaction_initiation_date"]) <= end
        ]
        pages = -(-len(found) // size)
        return {
            "transaction_details": found[(page - 1) * size : page * size],
            "account_number": "SCHOOL2345678",
            "start_date": start.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "end_date": end.strftime("%Y-%m-%dT%H:%M:%S+0000"),
            "page": page,
            "total_items": len(found),
            "total_pages": pages,
        }
