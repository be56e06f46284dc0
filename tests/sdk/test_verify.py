"""What a receiver is told of deliveries: true ones, and every way to spoil them."""

import base64
import hashlib
import hmac
import threading
from datetime import UTC, datetime
from typing import Any

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from apps.deliveries.signing import BODY_SECRET_NAME, KEY_NAME, signature_headers
from apps.secrets.selectors import ResolvedSecret
from mobius.sdk import (
    ConfigurationError,
    ReplayCache,
    WebhookEvent,
    WebhookRejected,
    verify_webhook,
)
from tests.deliveries.receiver import Received
from tests.webhooks.test_schemes import published

AT = datetime(2026, 11, 27, 12, tzinfo=UTC)
NOW = AT.timestamp()
KEY, OLD_KEY = bytes(range(32)), bytes(range(1, 33))
SECRET = base64.b64encode(KEY).decode()
BODY = '{"type":"custom.paid","data":{"ü":[1.5,null]}}'.encode()
MOBIUS = ("x-mobius-signature", "x-mobius-timestamp", "x-mobius-delivery-id")
STANDARD = ("webhook-signature", "webhook-timestamp", "webhook-id")


def signed(
    body: bytes = BODY, *keys: bytes, at: datetime = AT, own: str = ""
) -> dict[str, str]:
    """The headers that the server itself makes, newest key first."""
    values = [{KEY_NAME: base64.b64encode(key).decode()} for key in keys or (KEY,)]
    values = [{BODY_SECRET_NAME: own}] if own else values
    secrets = [ResolvedSecret("s", n, one) for n, one in enumerate(values, 1)]
    return signature_headers(
        "dlv_1", body, secrets, secret_ref="webhook/1", turn=0, at=at
    )


def without(headers: dict[str, str], *names: str) -> dict[str, str]:
    return {k: v for k, v in headers.items() if k.lower() not in names}


def reason(body: bytes, headers: Any, secret: Any = SECRET, **more: Any) -> str:
    with pytest.raises(WebhookRejected) as rejected:
        verify_webhook(body, headers, secret, **{"now": NOW, **more})
    return rejected.value.reason


@pytest.mark.parametrize("kept", [(), MOBIUS, STANDARD])
@pytest.mark.parametrize(
    "secret",
    [
        SECRET,
        SECRET.rstrip("="),
        f"whsec_{SECRET}",
        "whsec_" + base64.urlsafe_b64encode(KEY).decode().rstrip("="),
        SECRET.encode(),
        KEY,
        [OLD_KEY, SECRET],
    ],
    ids=lambda secret: type(secret).__name__,
)
def test_a_delivery_is_verified_with_the_secret_in_every_form(
    secret: Any, kept: tuple[str, ...]
) -> None:
    others = {(): (), MOBIUS: STANDARD, STANDARD: MOBIUS}[kept]
    headers = without(signed(), *others)

    event = verify_webhook(BODY, headers, secret, now=NOW)

    told = {"type": "custom.paid", "data": {"ü": [1.5, None]}}
    assert event == WebhookEvent("custom.paid", told["data"], "dlv_1", int(NOW), told)
    assert verify_webhook(BODY, list(headers.items()), secret, now=NOW) == event


@given(data=st.data())
def test_every_tampering_is_refused(data: st.DataObject) -> None:
    headers = {name.lower(): value for name, value in signed().items()}
    body, place = BODY, data.draw(st.sampled_from(["body", *MOBIUS, *STANDARD]))
    old = BODY if place == "body" else headers[place].encode()
    at = data.draw(st.integers(0, len(old) - 1))
    piece = bytes(data.draw(st.lists(st.integers(33, 126), max_size=3)))
    new = old[:at] + piece + old[at + data.draw(st.integers(0, 3)) :]
    if place == "body":
        body = new
    else:
        # The other set of headers would still prove the delivery: it is not there.
        headers = without(headers, *(STANDARD if place in MOBIUS else MOBIUS))
        headers[place] = new.decode("latin-1")
    try:
        event = verify_webhook(body, headers, SECRET, now=NOW)
    except WebhookRejected:
        event = None

    assert (event is not None) == (new == old)


def test_a_valid_set_of_headers_counts_whatever_the_other_says() -> None:
    for spoiled in ("x-mobius-signature", "webhook-signature"):
        headers = {name.lower(): value for name, value in signed().items()}
        event = verify_webhook(BODY, headers | {spoiled: "sha256=00"}, SECRET, now=NOW)
        assert event.delivery_id == "dlv_1"


def test_each_header_that_is_missing_is_missed() -> None:
    for names, others in ((MOBIUS, STANDARD), (STANDARD, MOBIUS)):
        for name in (*names, "x-mobius-signature-version")[: 3 + (names is MOBIUS)]:
            assert reason(BODY, without(signed(), name, *others)) == "missing_header"


def test_a_signature_of_another_key_or_another_scheme_is_refused() -> None:
    assert reason(BODY, signed(), base64.b64encode(OLD_KEY).decode()) == "bad_signature"
    # The body alone, signed with the same key, is no delivery of ours.
    alone = hmac.new(KEY, BODY, hashlib.sha256).hexdigest()
    headers = without(signed(), *STANDARD)
    headers["X-Mobius-Signature"] = f"sha256={alone}"
    assert reason(BODY, headers) == "bad_signature"
    assert reason(BODY, {"X-Mobius-Signature": f"sha256={alone}"}) == "missing_header"


@pytest.mark.parametrize(
    ("late_by", "expected"),
    [(-301, "too_new"), (-300, ""), (0, ""), (300, ""), (301, "too_old")],
)
def test_a_delivery_counts_for_five_minutes_both_ways(
    late_by: int, expected: str
) -> None:
    if expected:
        assert reason(BODY, signed(), now=NOW + late_by) == expected
    else:
        assert verify_webhook(BODY, signed(), SECRET, now=NOW + late_by)
    assert verify_webhook(BODY, signed(), SECRET, now=NOW + late_by, tolerance=301)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_signed_and_no_json_is_malformed(body: bytes) -> None:
    assert reason(body, signed(body)) == "malformed"


@pytest.mark.parametrize("at", ["", "1e9", "-5", "9" * 13, "٣"])
def test_a_time_that_cannot_be_read_is_refused(at: str) -> None:
    headers = without(signed(), *STANDARD) | {"X-Mobius-Timestamp": at}
    assert reason(BODY, headers) == ("malformed" if at else "missing_header")


def test_a_replay_is_refused_until_it_is_forgotten() -> None:
    seen = ReplayCache()
    first = verify_webhook(BODY, signed(), SECRET, now=NOW, seen=seen)
    again = signed(at=datetime.fromtimestamp(NOW + 10, UTC))

    assert reason(BODY, signed(), seen=seen) == "replayed"
    assert reason(BODY, again, seen=seen, now=NOW + 10) == "replayed"
    seen.forget(first.delivery_id)
    assert verify_webhook(BODY, again, SECRET, now=NOW + 10, seen=seen)


def test_what_is_refused_is_not_remembered() -> None:
    seen = ReplayCache()
    assert reason(BODY + b" ", signed(), seen=seen) == "bad_signature"
    assert reason(BODY, signed(), seen=seen, now=NOW + 900) == "too_old"

    assert len(seen) == 0
    assert verify_webhook(BODY, signed(), SECRET, now=NOW, seen=seen)


def test_a_cache_is_bounded_and_takes_an_id_once_among_threads() -> None:
    cache = ReplayCache(size=3)
    for number in range(5):
        assert cache.add(f"d{number}", seconds=60)
    assert len(cache) == 3
    assert not cache.add("d4", seconds=60)
    assert cache.add("d0", seconds=0)
    assert cache.add("d0", seconds=60)

    together, taken = threading.Barrier(8), list[bool]()

    def take() -> None:
        together.wait()
        taken.append(cache.add("same", seconds=60))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [False] * 7 + [True]


@pytest.mark.parametrize("secret", ["", "short", b"\xff" * 31, "whsec_", []])
def test_what_is_no_secret_is_said_so(secret: Any) -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        verify_webhook(BODY, signed(), secret, now=NOW)


def test_a_secret_of_ones_own_signs_the_body_alone_and_is_asked_for() -> None:
    headers = signed(own="chösen")

    event = verify_webhook(BODY, headers, "chösen", body_only=True)

    assert (event.type, event.delivery_id) == ("custom.paid", "dlv_1")
    assert event.timestamp == 0
    assert reason(BODY, headers, SECRET) == "missing_header"
    assert reason(BODY + b" ", headers, "chösen", body_only=True) == "bad_signature"
    assert reason(BODY, {}, "chösen", body_only=True) == "missing_header"
    with pytest.raises(ConfigurationError, match="body_only"):
        verify_webhook(BODY, headers, "chösen", now=NOW)


def test_published_clients_and_standard_webhooks_agree_with_us() -> None:
    """On the same deliveries: one that is good, one spoiled, one of an old key."""
    late = datetime.now(UTC)
    headers = {k.lower(): v for k, v in signed(BODY, KEY, OLD_KEY, at=late).items()}
    cases = [(BODY, KEY), (BODY + b" ", KEY), (BODY, bytes(32))]
    theirs = published(
        "0.0.61",
        *(
            (Received("/", headers, body), base64.b64encode(key).decode(), late)
            for body, key in cases
        ),
    )

    for (body, key), told in zip(cases, theirs, strict=True):
        standard = standardwebhooks.Webhook(base64.b64encode(key).decode())
        if "refused" in told:
            assert reason(body, headers, key, now=late.timestamp()) == "bad_signature"
            with pytest.raises(standardwebhooks.WebhookVerificationError):
                standard.verify(body, headers)
        else:
            ours = verify_webhook(body, headers, key)
            assert (ours.type, ours.delivery_id) == (told["type"], told["id"])
            assert standard.verify(body, headers) == ours.body
    assert ["refused" in told for told in theirs] == [False, True, True]
    # While keys are replaced Standard Webhooks carries both: a receiver that knows
    # only the old one is served too.
    assert verify_webhook(BODY, headers, OLD_KEY).delivery_id == "dlv_1"
