"""The servers that content-api is measured against, each written as its own documentation would have it."""
