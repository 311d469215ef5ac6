"""HTTP: routes, GraphQL over HTTP, negotiation, and the table from error to status. Starlette is used here only."""
