"""Paper accounts: beside a venue account one for shadow sessions, with books of its own and no key."""

SUFFIX = "_paper"
# No venue is asked for its prices, which are made on this machine.
DUMMY = f"dummy{SUFFIX}"


def paper_account(exchange: str) -> str:
    """The name of the paper account that goes by the prices of an exchange."""
    return f"{exchange}{SUFFIX}"


def is_paper(account: str) -> bool:
    """Whether orders of this account are filled on paper."""
    return account.endswith(SUFFIX)


def exchange_of(account: str) -> str:
    """The exchange whose settings an account goes by."""
    return account.removesuffix(SUFFIX)
