"""A headless content API for health information: typed JSON in git, served version by version over GraphQL."""

__version__ = "0.1.0"
