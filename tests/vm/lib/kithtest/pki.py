# SPDX-License-Identifier: Apache-2.0
"""Certificates from outside Kith: good SVIDs, and every way to get one wrong."""
import datetime
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from . import host

DIR = f"{host.WORK}/pki"
HOUR = datetime.timedelta(hours=1)


def _usage(*named):
    every = ("digital_signature", "content_commitment", "key_encipherment",
             "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign",
             "encipher_only", "decipher_only")
    return x509.KeyUsage(**{name: name in named for name in every})


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, text)])


def _write(path, data):
    os.makedirs(DIR, exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
    return path


def _pem(key):
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Leaf:
    """A certificate chain and its key, as files."""

    def __init__(self, name, key, chain):
        self.name = name
        self.key_object = key
        self.chain = chain
        pem = b"".join(c.public_bytes(serialization.Encoding.PEM) for c in chain)
        self.cert = _write(f"{DIR}/{name}.crt", pem)
        self.key = _write(f"{DIR}/{name}.key", _pem(key))


class Ca:
    """A certificate authority of a trust domain."""

    def __init__(self, domain, name=None, curve=None, parent=None):
        self.domain = domain
        self.name = name or domain
        self.parent = parent
        self.key = ec.generate_private_key(curve or ec.SECP256R1())
        now = datetime.datetime.utcnow()
        self.start, self.end = now - 24 * HOUR, now + 24 * HOUR
        signer, issuer = (parent.key, parent.cert.subject) if parent else (self.key, None)
        subject = _name(f"CA {self.name}")
        self.cert = (
            x509.CertificateBuilder().subject_name(subject).issuer_name(issuer or subject)
            .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(self.start).not_valid_after(self.end)
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(_usage("key_cert_sign", "crl_sign"), True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()),
                           False)
            .add_extension(x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(f"spiffe://{domain}")]), False)
            .sign(signer, hashes.SHA256()))
        self.pem = _write(f"{DIR}/{self.name}-ca.crt",
                          self.cert.public_bytes(serialization.Encoding.PEM))

    def sign(self, key, uris, start=None, end=None, ca=False, usage=("digital_signature",),
             critical_san=True):
        """A leaf, however wrong."""
        builder = (
            x509.CertificateBuilder().subject_name(_name("test"))
            .issuer_name(self.cert.subject).public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(start or self.start).not_valid_after(end or self.end)
            .add_extension(x509.BasicConstraints(ca, None), True)
            .add_extension(_usage(*usage), True)
            .add_extension(x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(
                self.key.public_key()), False))
        if uris:
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(uri) for uri in uris]), critical_san)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, name, *uris, chain=(), curve=None, **how):
        key = ec.generate_private_key(curve or ec.SECP256R1())
        leaf = self.sign(key.public_key(), uris, **how)
        return Leaf(name, key, [leaf, *(authority.cert for authority in chain)])

    def svid(self, path, **how):
        return self.issue(f"{self.name}-{path}".replace("/", "-"),
                          f"spiffe://{self.domain}/{path}", **how)


def expired(ca, path):
    now = datetime.datetime.utcnow()
    return ca.issue(f"{ca.name}-expired", f"spiffe://{ca.domain}/{path}",
                    start=now - 3 * HOUR, end=now - 2 * HOUR)


def not_yet_valid(ca, path):
    now = datetime.datetime.utcnow()
    return ca.issue(f"{ca.name}-future", f"spiffe://{ca.domain}/{path}",
                    start=now + 2 * HOUR, end=now + 3 * HOUR)


ISSUER = """#!/bin/sh
# Signs what it is given; keeps what it was asked. kithd runs several at once.
mine={dir}/request.$$
cat >$mine && openssl x509 -req -in $mine -CA {ca} -CAkey {key} -days 1 -sha256 \\
	-copy_extensions copy -extfile {dir}/leaf.cnf 2>/dev/null &&
	mv $mine {dir}/request.pem
"""
LEAF = b"""basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
"""


def command_issuer(name="company"):
    """`issuer:` of kith.yaml for a CA outside of the kernel; requests stay in DIR."""
    ca = Ca(host.DOMAIN, name=name)
    key = _write(f"{DIR}/{name}.key", _pem(ca.key))
    _write(f"{DIR}/leaf.cnf", LEAF)
    script = _write(f"{DIR}/issuer", ISSUER.format(dir=DIR, key=key, ca=ca.pem).encode())
    os.chmod(script, 0o755)
    return {"command": {"path": script, "bundle": ca.pem}}


def kith_bundle():
    """File with the CA certificates of the host's own trust domain."""
    path = f"{DIR}/kith-bundle.pem"
    os.makedirs(DIR, exist_ok=True)
    text = host.command("kith", "bundle", "export")
    return _write(path, text.encode())
