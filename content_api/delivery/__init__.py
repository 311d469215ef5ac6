"""From an Operation to a Reply: reading, limits, price and execution of GraphQL, without HTTP.

The room knows neither the schema's meaning nor the wire. `app.py` hands it a graphql-core schema and a function that
says what is live; `web/` hands it operations.
"""
