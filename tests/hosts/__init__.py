"""Tests of the roles on real hosts: Debian 13 with systemd and ssh, in containers of ``scripts/testhosts.sh``."""
