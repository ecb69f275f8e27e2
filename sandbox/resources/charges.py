"""Charges, made by payment intents."""

from sandbox.crud import serve_retrieve, serve_update
from sandbox.listing import serve_list

serve_retrieve("GET /v1/charges/{charge}", "charge")
serve_update("POST /v1/charges/{charge}", "charge", ("description", "receipt_email"))
serve_list("GET /v1/charges", "charge")
