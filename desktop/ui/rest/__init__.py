"""A pause that is offered and never counted."""
