"""The service that turns submitted videos into clips."""
