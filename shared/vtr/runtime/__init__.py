"""Running a service: settings, lifecycle and the HTTP app that every service has."""
