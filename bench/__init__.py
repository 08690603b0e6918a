"""Measures the budgets of the service beside raw CCTools and, on request, beside its peers. Not shipped with it."""
