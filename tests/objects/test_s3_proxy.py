"""The proxy by which the outcomes of requests to S3 are tested: each fault leaves on the server what it says."""

from datetime import timedelta
from typing import Final

import pytest
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from tests.helpers import s3_proxy as faults
from tests.helpers.s3_proxy import Fault, Hold, S3Proxy
from tests.helpers.s3_server import BUCKET, BucketServer

KEY = "2025-12-23/x"
DATA: Final = b"what was written" * 100


def open_store(proxy: S3Proxy, timeout_s: float = 60) -> S3Store:
    """Return a client that sends everything once, through the proxy."""
    return S3Store(
        BUCKET,
        endpoint=proxy.url,
        access_key_id="test",
        secret_access_key="test",
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True, "timeout": timedelta(seconds=timeout_s)},
        retry_config={"max_retries": 0},
    )


def stored(server: BucketServer) -> bytes | None:
    """Return what stands under the key on the server."""
    path = server.folder / KEY
    return path.read_bytes() if path.exists() else None


PUT_FAULTS: dict[str, tuple[Fault, bool]] = {
    "its answer is lost": (faults.lose_answer, True),
    "it is lost": (faults.lose_request, False),
    "it is reset before": (faults.reset_before, False),
    "it is reset after": (faults.reset_after, True),
    "it is cut off": (faults.cut_request, False),
    "a bit of it is flipped": (faults.flip_request, False),
    "503 before": (faults.refuse(503, "SlowDown"), False),
    "503 after": (faults.refuse_after(503, "SlowDown"), True),
    "409": (faults.refuse(409, "ConditionalRequestConflict"), False),
}


@pytest.mark.parametrize("kind", PUT_FAULTS)
def test_a_put_fails_and_stands_or_not_as_its_fault_says_and_the_next_one_passes(
    server: BucketServer, proxy: S3Proxy, kind: str
) -> None:
    fault, stands = PUT_FAULTS[kind]
    store = open_store(proxy)
    proxy.on(faults.puts, fault)
    with pytest.raises(BaseError):
        store.put(KEY, DATA, mode="create")
    assert stored(server) == (DATA if stands else None)
    if stands:
        with pytest.raises(AlreadyExistsError):
            store.put(KEY, DATA, mode="create")
    else:
        store.put(KEY, DATA, mode="create")
    assert stored(server) == DATA
    assert proxy.count() == {"PUT": 2}


@pytest.mark.parametrize(("fault", "stands"), [(faults.fall_silent, False), (faults.withhold_answer, True)])
def test_a_silent_server_lets_the_time_of_its_client_run_out(
    server: BucketServer, proxy: S3Proxy, fault: Fault, stands: bool
) -> None:
    proxy.on(faults.puts, fault)
    with pytest.raises(BaseError):
        open_store(proxy, timeout_s=0.3).put(KEY, DATA)
    assert stored(server) == (DATA if stands else None)


def test_a_held_put_arrives_when_the_test_says_so_though_its_client_is_gone(
    server: BucketServer, proxy: S3Proxy
) -> None:
    late = Hold()
    proxy.on(faults.puts, late)
    with pytest.raises(BaseError):
        open_store(proxy, timeout_s=0.3).put(KEY, DATA, mode="create")
    assert stored(server) is None
    late.release()
    assert stored(server) == DATA


def test_answers_are_cut_off_or_altered_and_rules_end_after_their_turns(server: BucketServer, proxy: S3Proxy) -> None:
    store = open_store(proxy)
    store.put(KEY, DATA)
    proxy.on(faults.gets, faults.cut_answer, faults.flip_answer)
    with pytest.raises(BaseError):
        store.get(KEY).bytes()
    altered = bytes(store.get(KEY).bytes())
    assert altered != DATA
    assert faults.flip_bit(altered) == DATA
    assert bytes(store.get(KEY).bytes()) == DATA
    proxy.always(faults.anything, faults.refuse(403, "AccessDenied"))
    with pytest.raises(BaseError):
        store.head(KEY)
    proxy.heal()
    assert store.head(KEY)["size"] == len(DATA)
