"""Keys: who may call, with which rights, and never twice with the same nonce."""

import base64
import hashlib
import hmac
from itertools import count
from urllib.parse import urlencode

import ccxt
import httpx
import pytest

from tests.trading.practice_exchange.desk import Connect, FixedClock, Kraken, Practice, client_of, secret_of
from trading.practice_exchange.keys import ApiKey, KeyRing, Right
from trading.practice_exchange.server import PracticeExchange


def test_unknown_key_is_refused(exchange: PracticeExchange) -> None:
    """A key nobody added cannot call."""
    stranger = client_of(exchange.url, "stranger", secret_of("stranger"))
    with pytest.raises(ccxt.AuthenticationError, match="EAPI:Invalid key"):
        stranger.fetch_balance()


def test_wrong_secret_is_refused(exchange: PracticeExchange, kraken: Kraken) -> None:
    """A call that is signed with another secret is not ours."""
    forger = client_of(exchange.url, "desk", secret_of("another"))
    with pytest.raises(ccxt.ExchangeError, match="EAPI:Invalid signature"):
        forger.fetch_balance()


def test_nonce_must_rise(kraken: Kraken) -> None:
    """A nonce that is not above the last one is refused, the next higher one is taken."""
    kraken.load_markets()
    nonces = iter([1_000, 1_000, 999, 1_001])
    kraken.incrementing_nonce = lambda: next(nonces)

    kraken.private_post_balance()
    for _ in range(2):
        with pytest.raises(ccxt.InvalidNonce, match="EAPI:Invalid nonce"):
            kraken.private_post_balance()
    kraken.private_post_balance()


def test_nonces_are_counted_for_each_key_apart(connect: Connect) -> None:
    """Two keys do not get into each other's way."""
    high, low = connect("high"), connect("low")
    high.incrementing_nonce, low.incrementing_nonce = lambda: 2_000, lambda: 1
    high.private_post_balance()
    low.private_post_balance()


def test_refused_signature_does_not_use_up_the_nonce(exchange: PracticeExchange, kraken: Kraken) -> None:
    """Who cannot sign cannot push the nonce up either."""
    forger = client_of(exchange.url, "desk", secret_of("another"))
    forger.incrementing_nonce = lambda: 10**18
    with pytest.raises(ccxt.ExchangeError):
        forger.fetch_balance()
    assert kraken.fetch_balance()["BTC"]["total"] == 1


def test_signature_covers_path_nonce_and_body(clock: FixedClock) -> None:
    """The signature is Kraken's own: HMAC-SHA512 of the path and the SHA-256 of nonce and body."""
    ring, nonces = KeyRing(), count(1)
    ring.add(ApiKey("k", secret_of("k"), frozenset({Right.QUERY})), clock())

    def call(*, path: str = "/0/private/Balance", body_sent: bytes | None = None) -> ApiKey:
        nonce = str(next(nonces))
        body = urlencode({"nonce": nonce, "asset": "ZUSD"}).encode()
        message = b"/0/private/Balance" + hashlib.sha256(nonce.encode() + body).digest()
        signature = base64.b64encode(
            hmac.digest(base64.b64decode(secret_of("k")), message, "sha512")
        ).decode()
        return ring.authenticate(
            path=path, body=body_sent or body, key="k", signature=signature, nonce=nonce, now=clock()
        )

    assert call().key == "k"
    for spoiled in ({"path": "/0/private/CancelAll"}, {"body_sent": b"nonce=2&asset=XXBT"}):
        with pytest.raises(Exception, match="EAPI:Invalid signature"):
            call(**spoiled)


@pytest.mark.parametrize(
    ("rights", "may", "may_not"),
    [
        ("query", ["private_post_balance", "private_post_openorders"], ["private_post_cancelall"]),
        ("cancel", ["private_post_cancelall"], ["private_post_balance", "private_post_addorder"]),
        ("trade", ["private_post_cancelall"], ["private_post_openorders", "private_post_tradeshistory"]),
        ("withdraw", ["private_post_getapikeyinfo"], ["private_post_balance", "private_post_cancelall"]),
    ],
)
def test_key_may_do_no_more_than_its_rights(
    connect: Connect, rights: str, may: list[str], may_not: list[str]
) -> None:
    """Every endpoint asks for its right; GetApiKeyInfo for none."""
    client = connect(rights=rights)
    for name in may:
        getattr(client, name)()
    for name in may_not:
        with pytest.raises(ccxt.PermissionDenied):
            getattr(client, name)()


def test_key_tells_its_own_rights(connect: Connect, practice: Practice) -> None:
    """A bot can read what its key may do before it trusts it, the right to withdraw included."""
    info = connect("rich", rights="query,trade,cancel,withdraw").private_post_getapikeyinfo()["result"]

    assert info["apiKeyName"] == "rich"
    assert {"query-funds", "modify-trades", "close-trades", "withdraw-funds"} <= set(info["permissions"])
    assert info["ipAllowlist"] == []


def test_key_can_be_added_while_it_runs(exchange: PracticeExchange, practice: Practice) -> None:
    """A control adds a key with rights, an allow-list and an account of its own."""
    practice("keys", key="new", secret=secret_of("new"), rights=["query"], ip_allowlist=["127.0.0.1"])
    client = client_of(exchange.url, "new", secret_of("new"))

    info = client.private_post_getapikeyinfo()["result"]
    assert info["ipAllowlist"] == ["127.0.0.1"]
    assert client.fetch_balance()["ETH"]["total"] == 10


@pytest.mark.parametrize("text", ["k", "k:s", "k:bm90:fly", "k:not base64:query"])
def test_key_that_cannot_be_read_is_refused(text: str) -> None:
    """A misspelt key on the command line stops the start."""
    with pytest.raises(ValueError, match=r"\w"):
        ApiKey.parse(text)


def test_key_of_the_command_line_names_rights_and_account() -> None:
    """KEY:SECRET:rights is the desk's account, a fourth part names another one."""
    assert ApiKey.parse("k:c2VjcmV0:query,cancel").rights == {Right.QUERY, Right.CANCEL}
    assert ApiKey.parse("k:c2VjcmV0:query").account == "main"
    assert ApiKey.parse("k:c2VjcmV0:query:treasury").account == "treasury"


def test_private_call_without_a_key_is_refused(exchange: PracticeExchange, http: httpx.Client) -> None:
    """A bare POST gets an answer in Kraken's form."""
    answer = http.post(f"{exchange.url}/0/private/Balance")
    assert answer.json() == {"error": ["EAPI:Invalid key"]}
