"""A certificate authority for tests, and a certificate of it for 127.0.0.1."""

import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

CA = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
LEAF = "subjectAltName=IP:127.0.0.1\nauthorityKeyIdentifier=keyid\nextendedKeyUsage=serverAuth\n"


@dataclass(frozen=True)
class Certificates:
    """Where they lie, and how to trust them."""

    ca: Path
    certificate: Path
    key: Path

    @property
    def trust(self) -> ssl.SSLContext:
        """Return what a client needs to believe the certificate."""
        return ssl.create_default_context(cafile=self.ca)


def make(directory: Path) -> Certificates:
    """Make a certificate authority and a certificate in a directory."""
    (directory / "ca.ext").write_text(CA)
    (directory / "leaf.ext").write_text(LEAF)
    for name in ("ca", "leaf"):
        new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        _openssl(directory, "req", *new_key, "-keyout", f"{name}.key", "-subj", f"/CN={name}", "-out", f"{name}.csr")
    _sign(directory, "ca", "-key", "ca.key")
    _sign(directory, "leaf", "-CA", "ca.crt", "-CAkey", "ca.key")
    return Certificates(directory / "ca.crt", directory / "leaf.crt", directory / "leaf.key")


def _sign(directory: Path, name: str, *signer: str) -> None:
    files = ("-in", f"{name}.csr", "-extfile", f"{name}.ext", "-out", f"{name}.crt")
    _openssl(directory, "x509", "-req", "-days", "2", "-set_serial", "1", *signer, *files)


def _openssl(directory: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=directory, check=True, capture_output=True)
