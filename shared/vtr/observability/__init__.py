"""Seeing inside a service: metrics, logs, probes."""
