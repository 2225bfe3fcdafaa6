# SPDX-License-Identifier: Apache-2.0
"""Over TLS the agent believes the laboratory's own authority and no other."""

import ssl
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from instruments.agent.server import Server, ServerAway
from instruments.agent.settings import BenchSettings


def authority():
    """A certificate authority: (key, certificate)."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Laboratory")])
    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _begun(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate


def _begun(subject, issuer, public_key):
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
    )


@pytest.fixture(scope="module")
def laboratory():
    return authority()


@pytest.fixture
def tls_peer(tmp_path, laboratory):
    """A server on 127.0.0.1 whose certificate the laboratory's authority has signed."""
    issuing_key, issuer = laboratory
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    names = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        _begun(name, issuer.subject, key.public_key())
        .add_extension(names, critical=False)
        .sign(issuing_key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )

    class Exchange(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_):
            """Say nothing on the tests' output."""

    server = HTTPServer(("127.0.0.1", 0), Exchange)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.handle_error = lambda *_: None  # a refused handshake is what is tried here
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def speaking(tmp_path, tls_peer):
    """Make a `Server` that believes one authority."""
    opened = []

    def speak(certificate):
        path = tmp_path / "ca.pem"
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        server = Server(BenchSettings(tls_peer, path, tmp_path / "journal", ()), key="key")
        opened.append(server)
        return server

    yield speak
    for server in opened:
        server.close()


def test_the_laboratorys_own_authority_is_believed(speaking, laboratory):
    assert speaking(laboratory[1]).heartbeat({}, {}) is None


def test_another_authority_is_not(speaking):
    with pytest.raises(ServerAway):
        speaking(authority()[1]).heartbeat({}, {})
