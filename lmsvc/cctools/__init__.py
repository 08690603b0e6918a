"""Adapters to the CCTools programs: makeflow, catalog_server, work_queue_factory."""
