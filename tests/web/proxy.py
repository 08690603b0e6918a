"""nginx in front of a web service, as in the proxy's container."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.service.running import free_ports, wait_for
from tests.web.certificates import Certificates
from tests.web.server import Server

ROOT = Path(__file__).resolve().parents[2]
PREFIX = "/-/data/"


@contextmanager
def nginx(directory: Path, server: Server, certificates: Certificates) -> Iterator[str]:
    """Run nginx before a web service; give its address."""
    port = free_ports(1)
    (directory / "conf.d").mkdir()
    (directory / "nginx.conf").write_text(_main(directory))
    (directory / "mime.types").write_text(Path("/etc/nginx/mime.types").read_text())
    (directory / "conf.d" / "lmsvc.conf").write_text(_site(port, server, certificates))
    log = (directory / "nginx.log").open("wb")
    words = ["/usr/sbin/nginx", "-e", "stderr", "-p", str(directory), "-c", str(directory / "nginx.conf")]
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


def _site(port: int, server: Server, certificates: Certificates) -> str:
    data = server.site.settings.data_dir
    return f"""
server {{
  listen 127.0.0.1:{port} ssl;
  ssl_certificate {certificates.certificate};
  ssl_certificate_key {certificates.key};
  client_max_body_size 0;
  location / {{
    proxy_pass {server.url};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto https;
    proxy_request_buffering off;
    proxy_read_timeout 90s;
  }}
  location {PREFIX} {{
    internal;
    alias {data}/;
    disable_symlinks on from={data};
    etag off;
    max_ranges 1;
    add_header ETag $upstream_http_etag;
    add_header Content-Security-Policy $upstream_http_content_security_policy;
    add_header X-Content-Type-Options nosniff;
  }}
}}
"""
