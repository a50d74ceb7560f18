"""Money that came or went without a trade, and how Kraken's ledger writes it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from trading.practice_exchange.assets import Asset


@dataclass(frozen=True, slots=True)
class Payment:
    """A deposit, or a withdrawal when the amount is below zero; `balance` is what was there afterwards."""

    ledger_id: str
    refid: str
    account: str
    asset: Asset
    amount: Decimal
    balance: Decimal
    at: datetime

    @property
    def type(self) -> str:
        """The word that Ledgers has for it."""
        return "deposit" if self.amount > 0 else "withdrawal"

    def as_kraken(self) -> dict[str, object]:
        """Write the entry as Ledgers does."""
        return {
            "refid": self.refid,
            "time": self.at.timestamp(),
            "type": self.type,
            "subtype": "",
            "aclass": "currency",
            "asset": self.asset.id,
            "amount": f"{self.amount:.{self.asset.money_decimals}f}",
            "fee": f"{Decimal(0):.{self.asset.money_decimals}f}",
            "balance": f"{self.balance:.{self.asset.money_decimals}f}",
        }
