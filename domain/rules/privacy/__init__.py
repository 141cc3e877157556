"""Who may see and do what, decided in one place for the desk, for the servers and for what sync ships."""

from domain.rules.privacy.engine import Person, Thing, may
from domain.rules.privacy.people import person_of
from domain.rules.privacy.policy import BadPolicy, Decision, Policy
from domain.rules.privacy.shipping import ships

__all__ = ["BadPolicy", "Decision", "Person", "Policy", "Thing", "may", "person_of", "ships"]
