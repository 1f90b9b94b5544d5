"""Where requests to a bucket go, and whom they trust: endpoints, regions, certificates."""

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from rmos.errors.installation import ConfigError
from rmos.errors.store import StorageUnavailable
from rmos.objects.s3 import S3Objects
from rmos.objects.s3_client import find_endpoint, find_region
from rmos.objects.spool import Spool
from rmos.place import Bucket, S3Options
from tests.helpers.buckets import REGION, set_credentials
from tests.helpers.s3_server import BUCKET, BucketServer

BUCKET_OF_SHOP = Bucket("record", "shop")
Key = ec.EllipticCurvePrivateKey


@pytest.mark.parametrize(
    ("options", "endpoint"),
    [
        ({"addressing": "virtual", "region": "eu-north-1"}, "https://record.s3.eu-north-1.amazonaws.com"),
        ({"addressing": "path", "region": "eu-north-1"}, "https://s3.eu-north-1.amazonaws.com"),
        ({"addressing": "path", "endpoint": "http://127.0.0.1:9000"}, "http://127.0.0.1:9000"),
        ({"addressing": "virtual", "endpoint": "https://s3.shop.example"}, "https://record.s3.shop.example"),
    ],
)
def test_an_endpoint_is_that_of_the_region_or_the_one_that_is_set(options: dict[str, str], endpoint: str) -> None:
    assert find_endpoint(BUCKET_OF_SHOP, S3Options(Path("spool"), **options)) == endpoint  # type: ignore[arg-type]


def test_the_region_is_the_one_that_is_set_else_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    assert find_region(S3Options(Path("spool"))) == "us-east-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    assert find_region(S3Options(Path("spool"))) == "eu-west-1"
    assert find_region(S3Options(Path("spool"), region="eu-north-1")) == "eu-north-1"


def sign(subject: str, key: Key, issuer: str, authority: Key, *, is_authority: bool) -> x509.Certificate:
    """Return a certificate for this machine."""
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .sign(authority, hashes.SHA256())
    )


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    """The file of an authority's certificate; beside it lies what a server shows that it vouches for."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    pem = serialization.Encoding.PEM
    made = sign("server", key, "authority", authority, is_authority=False).public_bytes(pem)
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (tmp_path / "server.pem").write_bytes(made + secret)
    own = sign("authority", authority, "authority", authority, is_authority=True)
    (tmp_path / "ca.pem").write_bytes(own.public_bytes(pem))
    return tmp_path / "ca.pem"


@pytest.fixture
def server(tmp_path: Path, authority: Path) -> Iterator[BucketServer]:
    """The small server, behind TLS."""
    made = BucketServer(tmp_path / "server")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.with_name("server.pem"))
    made._server.socket = context.wrap_socket(made._server.socket, server_side=True)
    with made:
        yield made


def open_over_tls(server: BucketServer, folder: Path, ca_file: Path | None) -> S3Objects:
    url = server.url.replace("http://", "https://")
    options = S3Options(folder / "spool", endpoint=url, region=REGION, addressing="path", ca_file=ca_file)
    return S3Objects(Bucket(BUCKET, "shop"), options, Spool(options.spool_dir))


def test_a_bucket_behind_an_authority_of_ones_own_is_tested_and_used_over_tls(
    server: BucketServer, tmp_path: Path, authority: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(monkeypatch)
    monkeypatch.setattr("rmos.objects.s3_probe.ROUNDS", 1)
    objects = open_over_tls(server, tmp_path, authority)
    objects.prepare()
    assert objects.create("2025-12-23/a", b"one")
    assert objects.read("2025-12-23/a") == b"one"


def test_a_server_whose_authority_nobody_knows_is_not_trusted(
    server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(monkeypatch)
    with pytest.raises(StorageUnavailable, match="look at RMOS_S3_CA_FILE"):
        open_over_tls(server, tmp_path, None).read("2025-12-23/a")


def test_a_file_of_certificates_that_is_not_there_is_named(
    server: BucketServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(monkeypatch)
    with pytest.raises(ConfigError, match="RMOS_S3_CA_FILE cannot be read: no such file"):
        open_over_tls(server, tmp_path, tmp_path / "absent.pem").read("2025-12-23/a")
