"""Settings that all tests share."""

from hypothesis import HealthCheck, settings

settings.register_profile("lmsvc", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("lmsvc")
