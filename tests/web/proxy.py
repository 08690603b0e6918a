"""nginx in front of a web service, as in the proxy's container."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from lmsvc.ports import free_ports
from tests.service.running import wait_for
from tests.web.certificates import Certificates

ROOT = Path(__file__).resolve().parents[2]
NGINX = "/usr/sbin/nginx"
PREFIX = "/-/data/"


@contextmanager
def nginx(directory: Path, url: str, data_dir: Path, certificates: Certificates) -> Iterator[str]:
    """Run nginx before a web service at an address with its data in a directory; give nginx's own address."""
    port = free_ports(1)
    (directory / "conf.d").mkdir()
    (directory / "nginx.conf").write_text(_main(directory))
    (directory / "mime.types").write_text(Path("/etc/nginx/mime.types").read_text())
    (directory / "conf.d" / "lmsvc.conf").write_text(_site(port, url, data_dir, certificates))
    log = (directory / "nginx.log").open("wb")
    words = [NGINX, "-e", "stderr", "-p", str(directory), "-c", str(directory / "nginx.conf")]
    process = subprocess.Popen(words, stdout=log, stderr=log)
    try:
        wait_for("nginx runs", lambda: _runs(process, directory), 20)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)
        log.close()


def _runs(process: subprocess.Popen[bytes], directory: Path) -> bool:
    assert process.poll() is None, (directory / "nginx.log").read_text()
    return (directory / "nginx.pid").exists()


def _main(directory: Path) -> str:
    """Return the image's own configuration, with the directory in the place of the container's /tmp."""
    text = (ROOT / "containers" / "proxy" / "nginx.conf").read_text()
    return ("user root;\n" if os.geteuid() == 0 else "") + text.replace("/tmp/", f"{directory}/")


def _site(port: int, url: str, data_dir: Path, certificates: Certificates) -> str:
    """Return the role's configuration, with the addresses and places of this test."""
    template = (ROOT / "roles" / "web" / "templates" / "nginx.conf.j2").read_text()
    places = {"ansible_managed": "Made for a test.", "web_data_dir": str(data_dir)}
    text = (
        Environment(undefined=StrictUndefined, trim_blocks=True, autoescape=False).from_string(template).render(places)
    )
    other = {
        "listen 8443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "server web:8080;": f"server {url.removeprefix('http://')};",
        "/etc/nginx/server.crt": str(certificates.certificate),
        "/run/secrets/lmsvc-tls-key": str(certificates.key),
    }
    for there, here in other.items():
        assert there in text
        text = text.replace(there, here)
    return text if _knows_http2_on() else text.replace("http2 on;", "")


def _knows_http2_on() -> bool:
    """Return whether nginx is newer than Debian 12's, which spells this otherwise."""
    ran = subprocess.run([NGINX, "-v"], capture_output=True, text=True, check=True)
    return [int(part) for part in ran.stderr.strip().rpartition("/")[2].split(".")] >= [1, 25, 1]
