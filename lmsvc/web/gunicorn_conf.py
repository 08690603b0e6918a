"""How gunicorn serves: `gunicorn -c python:lmsvc.web.gunicorn_conf "lmsvc.web.wsgi:app_from_environment()"`.

One process with threads. Event streams and waiting clients (`services.MAX_WAITERS`) and uploads on their way
(`receiving.MAX_RECEIVERS`) hold a thread each; the rest is for everything else, which is quick.
Nothing is written outside the data directory and, where there is one, TMPDIR: the root may be read-only.
"""

import os

from lmsvc.paths import DataPaths
from lmsvc.settings import Settings

_settings = Settings()
_run = DataPaths(_settings.data_dir).run
_run.mkdir(parents=True, exist_ok=True)

bind = f"{_settings.host}:{_settings.port}"
workers = 1
worker_class = "gthread"
threads = 48
keepalive = 15
graceful_timeout = 2
control_socket_disable = True
worker_tmp_dir = os.environ.get("TMPDIR") or str(_run)
forwarded_allow_ips = ""  # What a proxy says is the application's business: see `lmsvc.web.wsgi`.
forwarder_headers = ""
